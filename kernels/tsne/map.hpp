// What the kernels of a t-SNE iteration share: the map, the box around it, and the grid laid over
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Aligned so that a GPU moves it in one piece.
struct alignas(8) Point {
  float x;
  float y;
};

/// Bounds and sum of some points. Blocks of the move write one each; blocks of the next spread join
/// them all, in a fixed order.
struct Box {
  float min_x = std::numeric_limits<float>::max();
  float min_y = std::numeric_limits<float>::max();
  float max_x = std::numeric_limits<float>::lowest();
  float max_y = std::numeric_limits<float>::lowest();
  double sum_x = 0.0;
  double sum_y = 0.0;
};

/// Partial sums at most, or blocks that each add up all partial sums of the kernel before: two for
/// each multiprocessor of a large GPU. More would read more than they compute.
inline constexpr unsigned kMaxSummingBlocks = 264;

/// The charges' side of a plane: nodes x nodes, in one corner of a side x side plane that is twice
/// as large, so that cyclic convolution does not wrap around.
struct GridShape {
  std::uint32_t side;      ///< of the padded plane; nodes = side / 2
  std::uint32_t levels;    ///< level l halves the spacing l times, for small maps
  float coarsest_spacing;  ///< level 0
};

/// Cells a map may span on `nodes` nodes: a cubic spline reaches one node before and two behind.
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint32_t usable_cells(std::uint32_t side) {
  return side / 2 - 5;
}

/// Where the grid lies in this iteration: made by the spread, read by what follows.
struct Geometry {
  std::uint64_t iteration = 0;  ///< begun so far; the first is 1
  float origin_x = 0.f;         ///< of node 0
  float origin_y = 0.f;
  float spacing = 1.f;
  float mean_x = 0.f;  ///< of the points
  float mean_y = 0.f;
  float span = 0.f;  ///< the larger of the two extents
  std::uint32_t level = 0;
  std::uint32_t overflow = 0;  ///< 1 once a map has been too large for the grid
};

}  // namespace hourglass::HOURGLASS_TARGET::kernels
