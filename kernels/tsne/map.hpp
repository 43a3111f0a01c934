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

/// Coordinates of a point, for what is the same in maps of two dimensions and of three.
template <class P>
inline constexpr int kDimensions = 2;
template <int c, class P>
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr auto& coordinate(P& point) {
  if constexpr (c == 0) {
    return point.x;
  } else if constexpr (c == 1) {
    return point.y;
  } else {
    return point.z;
  }
}

/// Bounds and sum of some points, and the iteration that put them there. Blocks of the move write
/// one each; blocks of the next spread join them all, in a fixed order.
template <int dimensions>
struct BoxOf {
  static constexpr float kFarthest = std::numeric_limits<float>::max();

  float low[dimensions];
  float high[dimensions];
  double sum[dimensions];
  std::uint64_t iteration = 0;

  /// Around nothing.
  HOURGLASS_HOST_DEVICE constexpr BoxOf() {
    for (int c = 0; c < dimensions; ++c) {
      low[c] = kFarthest;
      high[c] = -kFarthest;
      sum[c] = 0.0;
    }
  }
};
using Box = BoxOf<2>;

/// How near a point is at distance d: (1 + d^2)^-power. 1 is plain t-SNE, with no power to take.
struct Tail {
  float power = 1.f;

  [[nodiscard]] bool plain() const { return power == 1.f; }
};

/// Partial sums at most, or blocks that each add up all partial sums of the kernel before: two for
/// each multiprocessor of a large GPU. More would read more than they compute.
inline constexpr unsigned kMaxSummingBlocks = 264;

/// The nodes that points are spread over: one corner of a plane twice as wide and twice as high
/// (convolve.hpp).
struct GridShape {
  std::uint32_t nodes_x;
  std::uint32_t nodes_y;
  std::uint32_t pitch;     ///< between neighbours in x; y runs fastest
  std::uint32_t levels;    ///< level l halves the spacing l times, for small maps
  float coarsest_spacing;  ///< level 0
};

/// Cells a map may span on so many nodes: a cubic spline reaches one node before and two behind.
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint32_t usable_cells(std::uint32_t nodes) {
  return nodes - 5;
}

/// Where the grid lies in this iteration: made by the spread, read by what follows.
struct Geometry {
  std::uint64_t iteration = 0;  ///< this one's number; the first is 1
  float origin_x = 0.f;         ///< of node 0
  float origin_y = 0.f;
  float spacing = 1.f;
  float mean_x = 0.f;  ///< of the points
  float mean_y = 0.f;
  float extent_x = 0.f;
  float extent_y = 0.f;
  std::uint32_t level = 0;
  /// 1: the map is too large for the grid. Then no kernel does anything, this iteration's or a
  /// later one's, until the host has found a larger grid: nothing is ever done twice.
  std::uint32_t overflow = 0;
};

/// The map before and after a step. Iterations take turns: one that begins as number i reads
/// at[(i + 1) % 2] and writes at[i % 2], so a recording of one serves all.
template <class P>
struct InTurns {
  P* at[2];

  [[nodiscard]] HOURGLASS_HOST_DEVICE P* before(std::uint64_t iteration) const {
    return iteration % 2 != 0 ? at[0] : at[1];
  }
  [[nodiscard]] HOURGLASS_HOST_DEVICE P* after(std::uint64_t iteration) const {
    return iteration % 2 != 0 ? at[1] : at[0];
  }
};
using Points = InTurns<Point>;

}  // namespace hourglass::HOURGLASS_TARGET::kernels
