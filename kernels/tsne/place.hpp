// New points into a frozen map: all steps of a point at once, for points do not know each other.
//
// The frozen map's potential, of which the repulsion is minus half the gradient over the value,
// never changes: it is computed once on a grid (convolve.hpp) and interpolated by the splines it
// was spread with. Where a point is beyond the grid's nodes, or without a grid, the potential and
// the force are sums over all points of the map.
#pragma once

#include <cstddef>
#include <hourglass/placement_schedule.hpp>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// What repels.
struct FrozenMap {
  const Point* points;
  std::uint32_t count;
  const float* potential;  ///< (nodes_x, pitch), or null: no grid
  GridShape grid;
  const Geometry* geometry;  ///< of the grid
  bool line;                 ///< a map of one dimension: y is 0, and stays so
};

/// What attracts: (points, k) each.
struct FrozenNeighbors {
  std::size_t k;
  const float* x;
  const float* y;
  const float* affinities;  ///< of each point, adding up to 1
};

/// points[i], from where it is to where it stays. Each depends on its own row alone.
void place_points(simt::StreamHandle stream, const FrozenMap& map, const FrozenNeighbors& near,
                  const PlacementSchedule& schedule, std::span<Point> points);

/// What repels at some places: potentials[i], and forces[i] = sum of (y - y_j) / (1 + d^2)^2.
void measure_field(simt::StreamHandle stream, const FrozenMap& map, std::span<const Point> places,
                   float* potentials, Point* forces);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
