#include "manifold/affinity_matrix.hpp"

#include <hourglass/error.hpp>
#include <limits>
#include <string>

#include "device/range.hpp"
#include "kernels/affinities/mix.hpp"
#include "kernels/affinities/perplexity.hpp"
#include "kernels/affinities/symmetrize.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET {

void check_entries(std::size_t entries) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (entries <= kMost) return;
  throw Error("the symmetric neighbour graph has " + std::to_string(entries) +
              " entries, and at most " + std::to_string(kMost) +
              " can be counted; try a smaller perplexity, or fewer rows");
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

}  // namespace

AffinityMatrix::AffinityMatrix(math::Context& context, const Neighbors& neighbors, std::size_t rows,
                               std::span<const double> perplexities) {
  const Range range("affinities");
  device::Stream& stream = context.stream();
  const std::size_t directed = rows * neighbors.k;
  const auto conditional = conditional_probabilities(stream, neighbors, rows, perplexities);
  device::Buffer<std::uint64_t> keys(2 * directed);
  device::Buffer<float> values(2 * directed);
  kernels::emit_entries(stream, neighbors.indices.data(), conditional.data(), rows, neighbors.k,
                        keys.data(), values.data());
  const std::size_t entries = math::sort_and_merge(context, keys.span(), values.span());

  check_entries(entries);
  offsets_ = device::Buffer<std::uint32_t>(rows + 1);
  columns_ = device::Buffer<std::uint32_t>(entries);
  values_ = device::Buffer<float>(entries);
  kernels::index_entries(stream, keys.span().first(entries), rows, offsets_.data(),
                         columns_.data());
  device::copy_bytes_on_device(stream, values_.data(), values.data(), entries * sizeof(float));
  stream.synchronize();  // keys and values are about to be freed
}

}  // namespace hourglass::HOURGLASS_TARGET
