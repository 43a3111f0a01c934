// Distances between rows, as every search measures them: in float, term by term, in one order.
#pragma once

#include <cstdint>

#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

#ifndef __CUDACC__
#include "kernels/neighbors/one_thread.hpp"
#endif

namespace hourglass::HOURGLASS_TARGET::kernels {

// ---- who works ---------------------------------------------------------------------------------

/// A thread's place, found once: inner loops are short.
struct Worker {
  unsigned thread = simt::block_thread();
  unsigned lane = simt::lane();
  unsigned lanes = simt::warp_thread_count();
  unsigned warp = simt::warp();
  unsigned warps = simt::block_warp_count();
  bool alone = simt::block_thread_count() == 1;

  /// atomic_add among the threads of a block.
  __device__ std::uint32_t add(std::uint32_t* address, std::uint32_t value) const {
    if (!alone) return simt::atomic_add(address, value);
    const std::uint32_t before = *address;
    *address = before + value;
    return before;
  }
};

// ---- distances, by the lanes of a warp ---------------------------------------------------------

/// Between rows padded to kRowMultiple; valid in lane 0. The same for (a, b) and (b, a).
__device__ inline float squared_distance(const Worker& worker, const float* __restrict__ a,
                                         const float* __restrict__ b, std::uint32_t width) {
#ifndef __CUDACC__
  if (worker.alone) return squared_distance_of_one_thread(a, b, width);
#endif
  float sum = 0.f;
  for (std::uint32_t f = worker.lane; f < width; f += worker.lanes) {
    const float difference = a[f] - b[f];
    sum += difference * difference;
  }
  return simt::warp_sum(sum);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
