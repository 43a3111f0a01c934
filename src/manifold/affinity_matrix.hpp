// The symmetric affinities of a neighbour graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "device/buffer.hpp"
#include "kernels/affinities/packed.hpp"
#include "manifold/neighbors.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Throws Error where a matrix has more entries than its offsets can count.
void check_entries(std::size_t entries);

/// Where each row of so many entries begins, from `first` on, and where the last one ends: N + 1
/// offsets. Place i is that of row order[i], or of i.
[[nodiscard]] std::vector<std::uint32_t> row_offsets(std::span<const std::uint32_t> sizes,
                                                     std::size_t first = 0,
                                                     std::span<const std::uint32_t> order = {});

/// P in compressed rows; its entries add up to one.
class AffinityMatrix {
 public:
  /// Averaged over the perplexities. Takes the neighbours, whose memory it wants.
  AffinityMatrix(math::Context& context, Neighbors neighbors, std::size_t rows,
                 std::span<const double> perplexities);
  AffinityMatrix(math::Context& context, Neighbors neighbors, std::size_t rows, double perplexity)
      : AffinityMatrix(context, std::move(neighbors), rows, {&perplexity, 1}) {}

  [[nodiscard]] kernels::Affinities view() const {
    return {offsets_.data(), columns_.data(), values_.data()};
  }
  [[nodiscard]] std::size_t entries() const { return columns_.size(); }

 private:
  device::Buffer<std::uint32_t> offsets_;
  device::Buffer<std::uint32_t> columns_;
  device::Buffer<float> values_;
};

}  // namespace hourglass::HOURGLASS_TARGET
