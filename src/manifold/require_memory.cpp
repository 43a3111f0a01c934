#include "manifold/require_memory.hpp"

#include <cstdio>
#include <hourglass/error.hpp>
#include <string>

namespace hourglass {
namespace {

std::string in_gigabytes(double bytes) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.1f GB", 1e-9 * bytes);
  return text;
}

}  // namespace

void require_memory(std::size_t rows, std::size_t neighbors, std::size_t bytes_of_neighbor,
                    std::optional<std::uint64_t> free) {
  const double least = static_cast<double>(rows) * static_cast<double>(neighbors) *
                       static_cast<double>(bytes_of_neighbor);
  if (!free || least <= static_cast<double>(*free)) return;
  throw Error(std::to_string(rows) + " rows with " + std::to_string(neighbors) +
              " neighbours each need at least " + in_gigabytes(least) + " of memory, and " +
              in_gigabytes(static_cast<double>(*free)) +
              " are free: try fewer rows, or a smaller perplexity");
}

}  // namespace hourglass
