#include "manifold/placement.hpp"

#include <algorithm>
#include <cstdint>
#include <hourglass/stop.hpp>
#include <span>
#include <vector>

#include "device/buffer.hpp"
#include "device/range.hpp"
#include "device/target.hpp"
#include "kernels/affinities/perplexity.hpp"
#include "kernels/tsne/place.hpp"
#include "manifold/frozen_field.hpp"
#include "manifold/square_scale.hpp"
#include "math/context.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Point;

/// Points between two looks at whether to stop.
constexpr std::size_t kPiece = kOnCuda ? std::size_t{1} << 17U : 2048;

device::Buffer<Point> points_of(const device::Stream& stream, const Array<float>& places) {
  std::vector<Point> points(places.rows());
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {places.row(i)[0], places.row(i)[1]};
  }
  return device::to_device<Point>(stream, points);
}

}  // namespace

Array<float> place_points(int device_index, const Placement& placement, const StopRequest& stop) {
  const Range range("placement");
  const std::size_t count = placement.start.rows();
  const std::size_t k = placement.squared_distances.row_size();
  math::Context context(device_index);
  device::Stream& stream = context.stream();
  const FrozenField field(stream, *placement.map);
  auto points = points_of(stream, placement.start);
  const auto squared = device::to_device<float>(stream, placement.squared_distances.values);
  device::Buffer<float> affinities(count * k);
  kernels::conditional_probabilities(stream, squared.data(), count, k, placement.perplexity,
                                     affinities.data());
  const auto x = device::to_device<float>(stream, placement.near_x.values);
  const auto y = device::to_device<float>(stream, placement.near_y.values);
  for (std::size_t first = 0; first < count; first += kPiece) {
    stream.synchronize();
    stop_if_requested(stop);
    const std::size_t some = std::min(kPiece, count - first);
    kernels::place_points(
        stream, field.view(),
        {k, x.data() + first * k, y.data() + first * k, affinities.data() + first * k},
        placement.schedule, points.span().subspan(first, some));
  }
  std::vector<Point> placed(count);
  device::copy_to_host<Point>(stream, points.span(), placed);
  Array<float> map({count, placement.map->row_size()});
  for (std::size_t i = 0; i < count; ++i) {
    map.row(i)[0] = placed[i].x;
    if (map.row_size() == 2) map.row(i)[1] = placed[i].y;
  }
  return map;
}

}  // namespace hourglass::HOURGLASS_TARGET
