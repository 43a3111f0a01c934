#include "manifold/affinity_matrix.hpp"

#include <hourglass/error.hpp>
#include <limits>
#include <string>
#include <utility>

#include "device/range.hpp"
#include "kernels/affinities/mix.hpp"
#include "kernels/affinities/perplexity.hpp"
#include "kernels/affinities/symmetrize.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET {

void check_entries(std::size_t entries) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (entries <= kMost) return;
  throw Error("the symmetric neighbour graph has at least " + std::to_string(entries) +
              " entries, and at most " + std::to_string(kMost) +
              " can be counted; try a smaller perplexity, or fewer rows");
}

std::vector<std::uint32_t> row_offsets(std::span<const std::uint32_t> sizes, std::size_t first,
                                       std::span<const std::uint32_t> order) {
  std::vector<std::uint32_t> offsets(sizes.size() + 1);
  std::size_t next = first;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    offsets[i] = static_cast<std::uint32_t>(next);
    next += sizes[order.empty() ? i : order[i]];
    check_entries(next);
  }
  offsets.back() = static_cast<std::uint32_t>(next);
  return offsets;
}

namespace {

/// (rows, k): each row's probabilities, averaged over the perplexities.
device::Buffer<float> conditional_probabilities(device::Stream& stream, const Neighbors& neighbors,
                                                std::size_t rows,
                                                std::span<const double> perplexities) {
  const std::size_t directed = rows * neighbors.k;
  const auto at = [&](double perplexity, device::Buffer<float>& to) {
    kernels::conditional_probabilities(stream, neighbors.squared_distances.data(), rows,
                                       neighbors.k, perplexity, to.data());
  };
  device::Buffer<float> result(directed);
  at(perplexities.front(), result);
  if (perplexities.size() == 1) return result;
  const float share = 1.f / static_cast<float>(perplexities.size());
  device::Buffer<float> other(directed);
  kernels::mix(stream, result.span(), share, {}, 0.f);
  for (const double perplexity : perplexities.subspan(1)) {
    at(perplexity, other);
    kernels::mix(stream, result.span(), 1.f, other.span(), share);
  }
  stream.synchronize();  // `other` is about to be freed
  return result;
}

/// C / (2 N), each row by ascending column: (rows, k).
struct SortedRows {
  device::Buffer<std::uint32_t> columns;
  device::Buffer<float> values;
};

SortedRows sorted_rows(device::Stream& stream, Neighbors neighbors, std::size_t rows,
                       std::span<const double> perplexities) {
  const auto conditional = conditional_probabilities(stream, neighbors, rows, perplexities);
  SortedRows sorted{.columns = device::Buffer<std::uint32_t>(rows * neighbors.k),
                    .values = std::move(neighbors.squared_distances)};  // over what is not needed
  kernels::sort_rows(stream, neighbors.indices.data(), conditional.data(), rows, neighbors.k,
                     sorted.columns.data(), sorted.values.data());
  stream.synchronize();  // indices and probabilities are about to be freed
  return sorted;
}

}  // namespace

AffinityMatrix::AffinityMatrix(math::Context& context, Neighbors neighbors, std::size_t rows,
                               std::span<const double> perplexities) {
  const Range range("affinities");
  device::Stream& stream = context.stream();
  const std::size_t k = neighbors.k;
  check_entries(rows * k);  // all different, and P has at least these
  const SortedRows own = sorted_rows(stream, std::move(neighbors), rows, perplexities);
  device::Buffer<std::uint32_t> begins(rows + 1);
  device::Buffer<std::uint32_t> places(rows * k);
  math::sort_places(context, own.columns.span(), begins.span(), places.span());
  const kernels::DirectedAffinities directed{.rows = static_cast<std::uint32_t>(rows),
                                             .k = static_cast<std::uint32_t>(k),
                                             .columns = own.columns.data(),
                                             .values = own.values.data(),
                                             .begins = begins.data(),
                                             .places = places.data()};
  device::Buffer<std::uint32_t> sizes(rows);
  kernels::count_entries(stream, directed, sizes.data());
  std::vector<std::uint32_t> host_sizes(rows);
  device::copy_to_host<std::uint32_t>(stream, sizes.span(), host_sizes);
  const auto offsets = row_offsets(host_sizes);
  offsets_ = device::to_device<std::uint32_t>(stream, offsets);
  columns_ = device::Buffer<std::uint32_t>(offsets.back());
  values_ = device::Buffer<float>(offsets.back());
  kernels::merge_entries(stream, directed, offsets_.data(), columns_.data(), values_.data());
  stream.synchronize();  // what was merged is about to be freed
}

}  // namespace hourglass::HOURGLASS_TARGET
