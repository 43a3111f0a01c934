#include "manifold/near_field.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/tsne/softened.hpp"
#include "manifold/make_room.hpp"

namespace hourglass::HOURGLASS_TARGET {

NearField::NearField(std::size_t points)
    : points_(points),
      cell_(points),
      sorted_(points),
      x_(points + kernels::kNearSpare),
      y_(points + kernels::kNearSpare),
      forces_(points) {}

void NearField::resize(const device::Stream& stream, std::uint32_t nodes_x, std::uint32_t nodes_y,
                       float spacing) {
  cells_.columns = kernels::near_cells(nodes_x, spacing);
  cells_.rows = kernels::near_cells(nodes_y, spacing);
  cells_.parts = kernels::near_parts();
  const std::size_t all = std::size_t{cells_.columns} * cells_.rows;
  make_room(counts_, cells_.parts * all);
  make_room(starts_, all + 1);
  device::fill_with_zero(stream, x_.span());
  device::fill_with_zero(stream, y_.span());
  cells_.cells = cell_.data();
  cells_.counts = counts_.data();
  cells_.starts = starts_.data();
  cells_.x = x_.data();
  cells_.y = y_.data();
  cells_.points = sorted_.data();
}

void NearField::compute(const device::Stream& stream, const kernels::Points& points,
                        const kernels::Geometry* geometry, std::span<double> sums) {
  kernels::near_field(stream, points, points_, geometry, cells_, forces_.data(), sums);
}

double NearField::own_energy() {
  return 1.0 - softened(0.0);
}

double points_in_cells(std::span<const kernels::Point> points) {
  const auto is_somewhere = [](const kernels::Point& point) {
    return std::isfinite(point.x) && std::isfinite(point.y);
  };
  const auto first = std::ranges::find_if(points, is_somewhere);
  if (first == points.end()) return 0.0;
  kernels::Point low = *first;
  kernels::Point high = low;
  for (const kernels::Point& point : points) {
    if (!is_somewhere(point)) continue;
    low = {std::min(low.x, point.x), std::min(low.y, point.y)};
    high = {std::max(high.x, point.x), std::max(high.y, point.y)};
  }
  const auto cell = [](float from_low) { return static_cast<std::size_t>(from_low / kNearRadius); };
  const std::size_t columns = cell(high.x - low.x) + 1;
  std::vector<std::uint32_t> counts(columns * (cell(high.y - low.y) + 1));
  for (const kernels::Point& point : points) {
    if (!is_somewhere(point)) continue;
    ++counts[cell(point.y - low.y) * columns + cell(point.x - low.x)];
  }
  double pairs = 0.0;
  for (const std::uint32_t count : counts) pairs += std::pow(count, 2);
  return pairs / static_cast<double>(points.size());
}

}  // namespace hourglass::HOURGLASS_TARGET
