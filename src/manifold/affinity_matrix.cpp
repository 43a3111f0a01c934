#include "manifold/affinity_matrix.hpp"

#include <hourglass/error.hpp>
#include <limits>
#include <string>

#include "device/range.hpp"
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

AffinityMatrix::AffinityMatrix(math::Context& context, const Neighbors& neighbors, std::size_t rows,
                               double perplexity) {
  const Range range("affinities");
  device::Stream& stream = context.stream();
  const std::size_t directed = rows * neighbors.k;
  device::Buffer<float> conditional(directed);
  kernels::conditional_probabilities(stream, neighbors.squared_distances.data(), rows, neighbors.k,
                                     perplexity, conditional.data());
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
