// Joining the boxes that the blocks of a kernel have written, in three dimensions.
#pragma once

#include <cstdint>

#include "kernels/simt/simt.hpp"
#include "kernels/space/map.hpp"
#include "kernels/tsne/boxes.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// The next iteration's geometry, but for the grid. All threads of the block must call it.
__device__ inline SpaceGeometry next_geometry(const SpaceBox* from, std::uint32_t count,
                                              std::uint32_t points, SpaceBox* boxes) {
  const SpaceBox& all = join_all(from, count, boxes);
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
