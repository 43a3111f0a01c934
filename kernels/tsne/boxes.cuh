// Joining the boxes that the blocks of a kernel have written.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/simt/simt.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

inline constexpr unsigned kBoxBlock = 256;  // threads of a block that joins boxes, at most

__device__ __forceinline__ Box join(const Box& a, const Box& b) {
  return {fminf(a.min_x, b.min_x),
          fminf(a.min_y, b.min_y),
          fmaxf(a.max_x, b.max_x),
          fmaxf(a.max_y, b.max_y),
          a.sum_x + b.sum_x,
          a.sum_y + b.sum_y,
          a.iteration > b.iteration ? a.iteration : b.iteration};
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

/// The next iteration's geometry, but for the grid. All threads of the block must call it; valid in
/// thread 0.
__device__ inline Geometry next_geometry(const Box* from, std::uint32_t count, std::uint32_t points,
                                         Box* boxes) {
  Box mine;
  for (std::uint32_t i = threadIdx.x; i < count; i += blockDim.x) mine = join(mine, from[i]);
  block_join(mine, boxes);
  const Box& all = boxes[0];
  Geometry geometry;
  geometry.iteration = all.iteration + 1;
  geometry.mean_x = static_cast<float>(all.sum_x / points);
  geometry.mean_y = static_cast<float>(all.sum_y / points);
  geometry.extent_x = all.max_x - all.min_x;
  geometry.extent_y = all.max_y - all.min_y;
  return geometry;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
