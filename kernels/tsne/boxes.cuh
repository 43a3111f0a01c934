// Joining the boxes that the blocks of a kernel have written.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/simt/simt.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

inline constexpr unsigned kBoxBlock = 256;  // threads of a block that joins boxes, at most

template <int n>
__device__ __forceinline__ BoxOf<n> join(const BoxOf<n>& a, const BoxOf<n>& b) {
  BoxOf<n> both;
  for (int c = 0; c < n; ++c) {
    both.low[c] = fminf(a.low[c], b.low[c]);
    both.high[c] = fmaxf(a.high[c], b.high[c]);
    both.sum[c] = a.sum[c] + b.sum[c];
  }
  both.iteration = a.iteration > b.iteration ? a.iteration : b.iteration;
  return both;
}

/// Joins one box of each thread of a block, whose size is a power of two; the whole is then in
/// boxes[0]. A tree: its shape, and so every bit of the sums, depends on the block's size alone.
template <class B>
__device__ inline void block_join(const B& mine, B* boxes) {
  boxes[threadIdx.x] = mine;
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    simt::sync_block();  // the other half is written
    if (threadIdx.x < half)
      boxes[threadIdx.x] = join(boxes[threadIdx.x], boxes[threadIdx.x + half]);
  }
  simt::sync_block();  // boxes[0] is there
}

/// All boxes in one, for every thread of the block; all of them must call it.
template <class B>
__device__ inline const B& join_all(const B* from, std::uint32_t count, B* boxes) {
  B mine;
  for (std::uint32_t i = threadIdx.x; i < count; i += blockDim.x) mine = join(mine, from[i]);
  block_join(mine, boxes);
  return boxes[0];
}

/// The next iteration's geometry, but for the grid. All threads of the block must call it.
__device__ inline Geometry next_geometry(const Box* from, std::uint32_t count, std::uint32_t points,
                                         Box* boxes) {
  const Box& all = join_all(from, count, boxes);
  Geometry geometry;
  geometry.iteration = all.iteration + 1;
  geometry.mean_x = static_cast<float>(all.sum[0] / points);
  geometry.mean_y = static_cast<float>(all.sum[1] / points);
  geometry.extent_x = all.high[0] - all.low[0];
  geometry.extent_y = all.high[1] - all.low[1];
  return geometry;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
