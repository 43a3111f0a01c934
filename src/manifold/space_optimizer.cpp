#include "manifold/space_optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "kernels/space/move.hpp"
#include "kernels/space/repulsion.hpp"
#include "manifold/grid_sides.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Interaction;
using kernels::SpaceGeometry;
using kernels::SpacePoint;

/// Of a grid's padded box: a quarter of a gigabyte in all, a map some 40 units wide.
constexpr std::uint32_t kLongestSide = 256;
/// Pairs that take as long as a node of the padded box.
constexpr double kPairsOfNode = 24.0;
/// Halvings of the spacing of small maps' grid, which follows the map down.
constexpr std::uint32_t kSmallSpaceLevels = 21;

}  // namespace

SpaceOptimizer::SpaceOptimizer(math::Context& context, const AffinityMatrix& affinities,
                               const Array<float>& map, const TsneSchedule& schedule,
                               const RepulsionOptions& repulsion)
    : context_(context),
      affinities_(affinities),
      packed_(context.stream(), affinities.view(), map.rows(), affinities.entries()),
      count_(map.rows()),
      tail_{static_cast<float>(repulsion.dof)},
      unit_(std::sqrt(repulsion.dof)),
      spacing_(repulsion.spacing / unit_),
      schedule_(in_units_of_tail(schedule, repulsion.dof)),
      exact_points_(repulsion.exact_points),
      points_{device::Buffer<SpacePoint>(count_), device::Buffer<SpacePoint>(count_)},
      velocity_(count_),
      gain_(count_),
      weak_pull_(count_),
      boxes_(kernels::space_box_count(count_)),
      geometry_(1),
      forces_(kernels::repulsion_parts(count_) * count_),
      normalizers_(kernels::repulsion_partial_count(count_)),
      grid_(spacing_, count_, tail_) {
  std::vector<SpacePoint> start(count_);
  const auto scale = static_cast<float>(1.0 / unit_);
  kernels::SpaceBox box;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto row = map.row(i);
    start[i] = {scale * row[0], scale * row[1], scale * row[2], 0.f};
    for (std::size_t c = 0; c < 3; ++c) {
      box.low[c] = std::min(box.low[c], scale * row[c]);
      box.high[c] = std::max(box.high[c], scale * row[c]);
    }
  }
  for (std::size_t c = 0; c < 3; ++c) extent_ = std::max(extent_, box.high[c] - box.low[c]);
  const device::Stream& stream = context.stream();
  device::copy_to_device<SpacePoint>(stream, start, points_[0].span());
  device::fill_with_zero(stream, velocity_.span());
  device::copy_to_device<SpacePoint>(
      stream, std::vector<SpacePoint>(count_, SpacePoint{1.f, 1.f, 1.f, 1.f}), gain_.span());
  device::fill_with_zero(stream, weak_pull_.span());
  kernels::measure_points(stream, points_[0].span(), 0, boxes_.span());
}

kernels::SpacePoints SpaceOptimizer::both() {
  return {{points_[0].data(), points_[1].data()}};
}

void SpaceOptimizer::choose_grid(std::uint64_t iterations) {
  const float steps = 2.f * static_cast<float>(iterations);  // twice as fast as it has grown
  const std::uint32_t wanted = side_for(extent_ + steps * growth_, spacing_);
  const auto cubed = [](std::uint32_t side) { return std::pow(double{1} * side, 3.0); };
  const bool there = wanted != 0 && wanted <= kLongestSide;
  const double pairs = static_cast<double>(count_) * static_cast<double>(count_);
  const bool pays = exact_points_ ? count_ > *exact_points_ : pairs > kPairsOfNode * cubed(wanted);
  const bool was_on_grid = std::exchange(on_grid_, there && pays);
  if (!on_grid_) {
    if (was_on_grid) recorded_.forget();
    return;
  }
  const bool holds = wanted <= grid_.side();
  const bool wastes = cubed(grid_.side()) > 2.0 * cubed(wanted);
  if (was_on_grid && holds && !wastes) return;
  const bool small = wanted == fft::kShortest;
  grid_.resize(context_.stream(), wanted, small ? kSmallSpaceLevels : 1,
               small ? Interaction::minus_one : Interaction::plain);
  recorded_.forget();
}

void SpaceOptimizer::iterate() {
  const device::Stream& stream = context_.stream();
  SpaceGeometry* geometry = geometry_.data();
  kernels::SpaceRepulsion repulsion{
      .forces = forces_.data(),
      .force_parts = static_cast<std::uint32_t>(forces_.size() / count_),
      .normalizers = normalizers_.data(),
      .normalizer_count = static_cast<std::uint32_t>(normalizers_.size()),
      .normalizer_offset = 0.0};
  if (on_grid_) {
    grid_.compute(stream, both(), boxes_.span(), geometry);
    repulsion = grid_.repulsion();
  } else {
    kernels::begin_iteration(stream, count_, boxes_.span(), geometry);
    kernels::exact_repulsion(stream, both(), count_, geometry, forces_.data(), normalizers_.span(),
                             tail_);
  }
  kernels::move_points(stream, both(), count_, packed_.view(), repulsion, schedule_, geometry,
                       {velocity_.data(), gain_.data(), weak_pull_.data()}, boxes_.span());
}

void SpaceOptimizer::advance(std::size_t iterations) {
  device::Stream& stream = context_.stream();
  const std::uint64_t last = iteration_ + iterations;
  while (iteration_ < last) {
    choose_grid(last - iteration_);
    recorded_.launch(stream, last - iteration_, [&] { iterate(); });
    SpaceGeometry geometry;
    device::copy_to_host<SpaceGeometry>(stream, geometry_.span(), {&geometry, 1});
    const float extent = std::max({geometry.extent_x, geometry.extent_y, geometry.extent_z});
    if (!std::isfinite(geometry.extent_x + geometry.extent_y + geometry.extent_z)) {
      throw_not_finite();
    }
    // A map that has outgrown its grid has stayed as it was then.
    const std::uint64_t before = std::exchange(iteration_, geometry.iteration - geometry.overflow);
    if (on_grid_) grid_iterations_ += iteration_ - before;
    overflows_ += geometry.overflow;
    growth_ = std::max(extent - extent_, 0.f) /
              static_cast<float>(std::max<std::uint64_t>(geometry.iteration - measured_, 1));
    extent_ = extent;
    measured_ = geometry.iteration;
  }
}

// Exact whether asked for or not: as quick as one of the iterations.
double SpaceOptimizer::divergence(bool /*exact*/) {
  kernels::exact_repulsion(context_.stream(), {{current(), current()}}, count_, nullptr, nullptr,
                           normalizers_.span(), tail_);
  const double normalizer = total(context_.stream(), normalizers_.span());
  device::Buffer<double> sums(boxes_.size());
  kernels::divergence_terms(context_.stream(), {current(), count_}, affinities_.view(), sums.span(),
                            tail_);
  return total(context_.stream(), sums.span()) + std::log(normalizer);
}

Array<float> SpaceOptimizer::map() const {
  std::vector<SpacePoint> points(count_);
  device::copy_to_host<SpacePoint>(context_.stream(), {current(), count_}, points);
  double mean[3] = {};
  for (const SpacePoint& point : points) {
    mean[0] += double{point.x} / static_cast<double>(count_);
    mean[1] += double{point.y} / static_cast<double>(count_);
    mean[2] += double{point.z} / static_cast<double>(count_);
  }
  Array<float> map({count_, 3});
  for (std::size_t i = 0; i < count_; ++i) {
    map.row(i)[0] = static_cast<float>(unit_ * (points[i].x - mean[0]));
    map.row(i)[1] = static_cast<float>(unit_ * (points[i].y - mean[1]));
    map.row(i)[2] = static_cast<float>(unit_ * (points[i].z - mean[2]));
  }
  return map;
}

}  // namespace hourglass::HOURGLASS_TARGET
