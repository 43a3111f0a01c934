#include "kernels/affinities/symmetrize.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void emit_entries_kernel(const std::uint32_t* __restrict__ indices,
                                    const float* __restrict__ probabilities, std::size_t rows,
                                    std::uint32_t k, std::uint64_t* __restrict__ keys,
                                    float* __restrict__ values) {
  const float scale = 0.5f / static_cast<float>(rows);
  for (const auto entry : simt::elements(rows * k)) {
    const std::uint64_t i = entry / k;
    const std::uint64_t j = indices[entry];
    keys[2 * entry] = i << 32 | j;
    keys[2 * entry + 1] = j << 32 | i;
    values[2 * entry] = values[2 * entry + 1] = scale * probabilities[entry];
  }
}

// A row begins at the first key that is not below it: binary search, so that empty rows need no
// care.
__global__ void index_entries_kernel(const std::uint64_t* __restrict__ keys, std::uint32_t count,
                                     std::uint32_t rows, std::uint32_t* __restrict__ offsets,
                                     std::uint32_t* __restrict__ columns) {
  for (const auto entry : simt::elements(count)) {
    columns[entry] = static_cast<std::uint32_t>(keys[entry]);
  }
  for (const auto row : simt::elements(rows + 1)) {
    std::uint32_t first = 0;
    std::uint32_t last = count;
    while (first < last) {
      const std::uint32_t middle = first + (last - first) / 2;
      if (keys[middle] < std::uint64_t{row} << 32) {
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    offsets[row] = first;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void emit_entries(simt::StreamHandle stream, const std::uint32_t* indices,
                  const float* probabilities, std::size_t rows, std::size_t k, std::uint64_t* keys,
                  float* values) {
  simt::launch(stream, simt::per_element(rows * k), emit_entries_kernel, indices, probabilities,
               rows, simt::narrow(k), keys, values);
}

void index_entries(simt::StreamHandle stream, std::span<const std::uint64_t> keys, std::size_t rows,
                   std::uint32_t* offsets, std::uint32_t* columns) {
  simt::launch(stream, simt::per_element(keys.size()), index_entries_kernel, keys.data(),
               simt::narrow(keys.size()), simt::narrow(rows), offsets, columns);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
