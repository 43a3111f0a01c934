// Joining the boxes that the blocks of a kernel have written, in three dimensions.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/simt/simt.hpp"
#include "kernels/space/map.hpp"
#include "kernels/tsne/boxes.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {

__device__ __forceinline__ SpaceBox join(const SpaceBox& a, const SpaceBox& b) {
  SpaceBox both;
  for (int c = 0; c < 3; ++c) {
    both.low[c] = fminf(a.low[c], b.low[c]);
    both.high[c] = fmaxf(a.high[c], b.high[c]);
    both.sum[c] = a.sum[c] + b.sum[c];
  }
  both.iteration = a.iteration > b.iteration ? a.iteration : b.iteration;
  return both;
}

/// The next iteration's geometry, but for the grid. All threads of the block must call it; valid in
/// thread 0.
__device__ inline SpaceGeometry next_geometry(const SpaceBox* from, std::uint32_t count,
                                              std::uint32_t points, SpaceBox* boxes) {
  SpaceBox mine;
  for (std::uint32_t i = threadIdx.x; i < count; i += blockDim.x) mine = join(mine, from[i]);
  block_join(mine, boxes);
  const SpaceBox& all = boxes[0];
  SpaceGeometry geometry;
  geometry.iteration = all.iteration + 1;
  geometry.mean_x = static_cast<float>(all.sum[0] / points);
  geometry.mean_y = static_cast<float>(all.sum[1] / points);
  geometry.mean_z = static_cast<float>(all.sum[2] / points);
  geometry.extent_x = all.high[0] - all.low[0];
  geometry.extent_y = all.high[1] - all.low[1];
  geometry.extent_z = all.high[2] - all.low[2];
  return geometry;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
