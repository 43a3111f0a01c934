#include "manifold/map_order.hpp"

#include <utility>

#include "kernels/tsne/order.hpp"
#include "math/sort.hpp"

namespace hourglass::HOURGLASS_TARGET {

MapOrder::MapOrder(std::size_t points)
    : keys_(points), moves_(points), rows_(points), rows_before_(points), places_(points) {}

void MapOrder::follow_curve(math::Context& context, std::span<const kernels::Point> points,
                            std::span<const kernels::Box> boxes) {
  const device::Stream& stream = context.stream();
  std::swap(rows_, rows_before_);
  kernels::curve_keys(stream, points, boxes, keys_.data());
  math::sort_keys(context, keys_.span());
  kernels::index_order(stream, keys_.span(), by_row() ? nullptr : rows_before_.data(),
                       moves_.data(), rows_.data(), places_.data());
  host_rows_.resize(points.size());
  device::copy_to_host<std::uint32_t>(stream, rows_.span(), host_rows_);
}

void MapOrder::rearrange(const device::Stream& stream, std::span<kernels::Point> values,
                         kernels::Point* scratch) const {
  kernels::gather_points(stream, moves_.span(), values.data(), scratch);
  device::copy_bytes_on_device(stream, values.data(), scratch, values.size_bytes());
}

void MapOrder::to_rows(const device::Stream& stream, const kernels::Point* points,
                       kernels::Point* by_row) const {
  kernels::gather_points(stream, places_.span(), points, by_row);
}

}  // namespace hourglass::HOURGLASS_TARGET
