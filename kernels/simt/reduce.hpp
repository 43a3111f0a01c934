// Sums over a warp and over a block: the same tree every time, whatever order the threads run in.
#pragma once

#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

/// The sum over the lanes of this warp, valid in lane 0. All threads of the warp must call it.
template <class T>
__device__ T warp_sum(T value) {
  const unsigned lanes = warp_thread_count();
  for (unsigned delta = kWarpSize / 2; delta > 0; delta /= 2) {
    const T other = shuffle_down(value, delta);
    if (lane() + delta < lanes) value += other;  // the last warp of an odd-sized block has gaps
  }
  return value;
}

/// The same sum, valid in all lanes.
template <class T>
__device__ T warp_sum_for_all(T value) {
  return shuffle(warp_sum(value), 0);
}

/// Sums of n values each over the lanes of a group, in all of them. A group is `lanes` neighbouring
/// lanes, a power of two, the first at a multiple of it; `group` is their mask.
template <class T, int n>
__device__ __forceinline__ void group_sum(T (&sums)[n], unsigned lanes, unsigned group) {
  for (unsigned apart = 1; apart < lanes; apart *= 2) {
    Several<T, n> mine;
    for (int i = 0; i < n; ++i) mine.values[i] = sums[i];
    const Several<T, n> others = shuffle_xor(mine, apart, group);
    for (int i = 0; i < n; ++i) sums[i] += others.values[i];
  }
}

/// What block_sum() wants in the kernel's Smem.
template <class T>
struct BlockSumScratch {
  T partial[kWarpSize];
  T total;
};

/// The sum over the block, valid in all its threads, which must all call it. The same scratch may
/// be used again at once: nobody reads `partial` after the second barrier, and `total` is next
/// written behind the next call's first one.
template <class T>
__device__ T block_sum(T value, BlockSumScratch<T>& scratch) {
  if (block_thread_count() == 1) return value;
  value = warp_sum(value);
  if (lane() == 0) scratch.partial[warp()] = value;
  sync_block();
  if (warp() == 0) {
    value = warp_sum(lane() < block_warp_count() ? scratch.partial[lane()] : T{});
    if (lane() == 0) scratch.total = value;
  }
  sync_block();
  return scratch.total;
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
