#include "manifold/frozen_field.hpp"

#include <algorithm>
#include <vector>

#include "kernels/tsne/move.hpp"
#include "manifold/grid_sides.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::Geometry;
using kernels::Point;

/// Half of what iterations take: a grid is made once here, and points read it often.
constexpr double kSpacing = 0.25;
/// Beyond the map on either side, for points that swing out.
constexpr float kMargin = 2.f;
/// Up to here sums over all points are as quick as making a grid.
constexpr std::size_t kFewPoints = 500;

}  // namespace

FrozenField::FrozenField(const device::Stream& stream, const Array<float>& map)
    : line_(map.row_size() == 1) {
  std::vector<Point> points(map.rows());
  Box box;
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {map.row(i)[0], line_ ? 0.f : map.row(i)[1]};
    box.low[0] = std::min(box.low[0], points[i].x);
    box.low[1] = std::min(box.low[1], points[i].y);
    box.high[0] = std::max(box.high[0], points[i].x);
    box.high[1] = std::max(box.high[1], points[i].y);
  }
  points_ = device::to_device<Point>(stream, points);
  const GridSides sides{side_for(box.high[0] - box.low[0] + 2.f * kMargin, kSpacing),
                        side_for(box.high[1] - box.low[1] + 2.f * kMargin, kSpacing)};
  // A map of a few cells, whose potential hardly changes, would lose its gradient to rounding.
  const bool small = sides.x == fft::kShortest && sides.y == fft::kShortest;
  if (points.size() <= kFewPoints || sides.x == 0 || sides.y == 0 || small) return;
  grid_.emplace(kSpacing, points.size());
  grid_->resize(stream, sides, 1, kernels::Interaction::plain);
  geometry_ = device::Buffer<Geometry>(1);
  device::Buffer<Box> boxes(kernels::move_box_count(points.size()));
  kernels::measure_points(stream, points_.span(), 0, boxes.span());
  grid_->compute(stream, {{points_.data(), points_.data()}}, boxes.span(), geometry_.data());
  stream.synchronize();  // the boxes are about to be freed
}

kernels::FrozenMap FrozenField::view() const {
  kernels::FrozenMap map{.points = points_.data(),
                         .count = static_cast<std::uint32_t>(points_.size()),
                         .potential = nullptr,
                         .grid = {},
                         .geometry = geometry_.data(),
                         .line = line_};
  if (grid_) {
    const kernels::Repulsion repulsion = grid_->repulsion();
    map.potential = repulsion.potential;
    map.grid = repulsion.grid;
  }
  return map;
}

}  // namespace hourglass::HOURGLASS_TARGET
