// Sorting and selecting within a block, in shared memory.
#pragma once

#ifndef __CUDACC__
#include <algorithm>
#endif

#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

/// Sorts values[0 .. count) ascending. There is room for `capacity` values, a power of two; those
/// behind `count` are overwritten. All threads of the block must call it; it begins and ends with
/// the block in step. Bitonic (Batcher 1968); a block of one thread leaves it to the library.
template <class T>
__device__ void block_sort(T* values, unsigned count, unsigned capacity) {
#ifndef __CUDACC__
  if (detail::alone()) {
    std::sort(values, values + count);
    return;
  }
#endif
  unsigned size = 2;
  while (size < count) size *= 2;
  if (size > capacity) size = capacity;
  for (unsigned i = count + block_thread(); i < size; i += block_thread_count()) {
    values[i] = static_cast<T>(~T{0});  // the largest: it stays behind
  }
  sync_block();
  for (unsigned run = 2; run <= size; run *= 2) {
    for (unsigned distance = run / 2; distance > 0; distance /= 2) {
      for (const auto pair : block_elements(size / 2)) {
        const unsigned low = 2 * distance * (pair / distance) + pair % distance;
        const unsigned high = low + distance;
        const bool ascending = (low & run) == 0;
        if ((values[high] < values[low]) == ascending) {
          const T held = values[low];
          values[low] = values[high];
          values[high] = held;
        }
      }
      sync_block();  // the next distance pairs other values
    }
  }
}

/// Brings the `keep` smallest of values[0 .. count) to the front, in any order but for the largest
/// of them, which stands last. Otherwise like block_sort.
template <class T>
__device__ void block_keep_smallest(T* values, unsigned count, unsigned keep, unsigned capacity) {
  if (count <= 1) return;
#ifndef __CUDACC__
  if (detail::alone()) {
    std::nth_element(values, values + std::min(keep, count) - 1, values + count);
    return;
  }
#endif
  block_sort(values, count, capacity);
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
