#include "manifold/map_optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "device/target.hpp"
#include "kernels/tsne/repulsion.hpp"
#include "kernels/tsne/softened.hpp"
#include "manifold/grid_sides.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::Geometry;
using kernels::Interaction;
using kernels::Point;

/// Up to here summing all pairs is as quick as a grid, and it is exact. Guesses, on CUDA more than
/// on the CPU: the benchmark's tsne/loop measures both ways (docs/performance.md).
constexpr std::size_t kExactPoints = kOnCuda ? 4000 : 2000;
/// Below so many points, times the points in the cell of each, a unit area, near pairs and a grid
/// so much coarser take less time than the grid alone. On a GPU it is the grid that is cheap.
constexpr double kThin = kOnCuda ? 0.0 : 15.0;
constexpr double kCoarser = 2.5;
/// A map is thin until it is so much denser than it has to be to become so.
constexpr double kStaysThin = 2.0;
/// Up to here an exact normalisation costs less than a few iterations.
constexpr std::size_t kCheapNormalizer = 20000;
/// Beyond, a fine grid's is exact to single precision's last digits, and all pairs take minutes.
constexpr std::size_t kMaxExactNormalizer = 200000;
constexpr double kFineSpacing = 0.25;

/// From here on it pays to put points in order, when the map has a shape ...
constexpr std::size_t kOrderedPoints = 30000;
constexpr std::uint64_t kShapedAfter = 50;
/// ... and when it has spread, so many iterations after the early ones.
constexpr std::uint64_t kSpreadAfter = 100;

/// Halvings of the spacing of small maps' grid, which follows the map down.
constexpr std::uint32_t kSmallLevels = 21;

}  // namespace

MapOptimizer::MapOptimizer(math::Context& context, const AffinityMatrix& affinities,
                           const Array<float>& map, const TsneSchedule& schedule,
                           const RepulsionOptions& repulsion)
    : context_(context),
      affinities_(affinities),
      packed_(context.stream(), affinities.view(), map.rows(), affinities.entries()),
      count_(map.rows()),
      on_line_(map.row_size() == 1),
      tail_{static_cast<float>(repulsion.dof)},
      unit_(std::sqrt(repulsion.dof)),
      spacing_(repulsion.spacing / unit_),
      schedule_(in_units_of_tail(schedule, repulsion.dof)),
      exact_(count_ <= repulsion.exact_points.value_or(kExactPoints)),
      thin_(tail_.plain() ? repulsion.thin.value_or(kThin) : 0.0),
      points_{device::Buffer<Point>(count_), device::Buffer<Point>(count_)},
      velocity_(count_),
      gain_(count_),
      weak_pull_(count_),
      boxes_(kernels::move_box_count(count_)),
      geometry_(1),
      forces_(exact_ ? kernels::repulsion_parts(count_) * count_ : 0),
      normalizers_(kernels::repulsion_partial_count(count_)),
      grid_(spacing_, count_, tail_),
      ordered_(count_ >= repulsion.ordered_points.value_or(kOrderedPoints)),
      order_(ordered_ ? count_ : 0) {
  std::vector<Point> start(count_);
  const auto scale = static_cast<float>(1.0 / unit_);
  Box box;
  for (std::size_t i = 0; i < count_; ++i) {
    start[i] = {scale * map.row(i)[0], on_line_ ? 0.f : scale * map.row(i)[1]};
    box.low[0] = std::min(box.low[0], start[i].x);
    box.low[1] = std::min(box.low[1], start[i].y);
    box.high[0] = std::max(box.high[0], start[i].x);
    box.high[1] = std::max(box.high[1], start[i].y);
  }
  extent_ = {box.high[0] - box.low[0], box.high[1] - box.low[1]};
  const device::Stream& stream = context.stream();
  device::copy_to_device<Point>(stream, start, points_[0].span());
  device::fill_with_zero(stream, velocity_.span());
  device::copy_to_device<Point>(stream, std::vector<Point>(count_, Point{1.f, 1.f}), gain_.span());
  device::fill_with_zero(stream, weak_pull_.span());
  kernels::measure_points(stream, points_[0].span(), 0, boxes_.span());
}

kernels::Points MapOptimizer::both() {
  return {{points_[0].data(), points_[1].data()}};
}

double MapOptimizer::spacing() const {
  return near_ ? kCoarser * spacing_ : spacing_;
}

bool MapOptimizer::is_thin() const {
  const double most = near_ ? kStaysThin * thin_ : thin_;
  const double area = double{extent_.x} * extent_.y;
  const auto n = static_cast<double>(count_);
  // No cells hold fewer points on average than those that hold as many each.
  const double fewest = n * double{kNearSquared} / area;
  if (!(n * fewest < most * area)) return false;
  if (side_for(std::max(extent_.x, extent_.y), spacing()) == 0) return false;  // nor cells for it
  std::vector<Point> points(count_);
  device::copy_to_host<Point>(context_.stream(), {current(), count_}, points);
  return n * points_in_cells(points) < most * area;
}

void MapOptimizer::choose_grid(std::uint64_t iterations) {
  if (const bool thin = is_thin(); thin != near_) {
    near_ = thin;
    grid_ = RepulsionGrid(spacing(), count_, tail_);
  }
  const auto side = [&](float extent, float growth) -> std::uint32_t {
    const float steps = 2.f * static_cast<float>(iterations);  // twice as fast as it has grown
    const std::uint32_t expected = side_for(extent + steps * growth, spacing());
    if (expected == 0 && side_for(extent, spacing()) != 0) return fft::kLongest;
    return expected;
  };
  const GridSides wanted{side(extent_.x, growth_.x), side(extent_.y, growth_.y)};
  if (wanted.x == 0 || wanted.y == 0) {
    const double most = unit_ * spacing() * kernels::usable_cells(fft::kLongest / 2);
    throw Error("the map has a width of " +
                std::to_string(unit_ * double{std::max(extent_.x, extent_.y)}) +
                ", and no grid holds more than " + std::to_string(most) +
                ": it grows without bound, or began so; try a smaller learning rate");
  }
  const GridSides now = grid_.sides();
  const bool holds = wanted.x <= now.x && wanted.y <= now.y;
  const bool wastes = 3 * std::size_t{now.x} * now.y > 4 * std::size_t{wanted.x} * wanted.y;
  if (holds && !wastes) return;
  const bool small = !near_ && wanted.x == fft::kShortest && wanted.y == fft::kShortest;
  grid_.resize(context_.stream(), wanted, small ? kSmallLevels : 1,
               near_   ? Interaction::softened
               : small ? Interaction::minus_one
                       : Interaction::plain);
  recorded_.forget();
}

void MapOptimizer::iterate() {
  const device::Stream& stream = context_.stream();
  Geometry* geometry = geometry_.data();
  kernels::Repulsion repulsion{.potential = nullptr,
                               .forces = forces_.data(),
                               .force_parts = static_cast<std::uint32_t>(forces_.size() / count_),
                               .normalizers = normalizers_.data(),
                               .normalizer_count = static_cast<std::uint32_t>(normalizers_.size()),
                               .normalizer_offset = 0.0};
  if (exact_) {
    kernels::begin_iteration(stream, count_, boxes_.span(), geometry);
    kernels::exact_repulsion(stream, both(), count_, geometry, forces_.data(), normalizers_.span(),
                             tail_);
  } else {
    grid_.compute(stream, both(), boxes_.span(), geometry);
    repulsion = grid_.repulsion();
  }
  kernels::move_points(stream, both(), count_, packed_.view(), repulsion, schedule_, geometry,
                       {velocity_.data(), gain_.data(), weak_pull_.data(), on_line_},
                       boxes_.span());
}

void MapOptimizer::advance(std::size_t iterations) {
  device::Stream& stream = context_.stream();
  const std::uint64_t last = iteration_ + iterations;
  while (iteration_ < last) {
    if (iteration_ == next_order()) follow_curve();
    const std::uint64_t count = std::min(last, next_order()) - iteration_;
    if (!exact_) choose_grid(count);
    recorded_.launch(stream, count, [&] { iterate(); });
    Geometry geometry;
    device::copy_to_host<Geometry>(stream, geometry_.span(), {&geometry, 1});
    if (!std::isfinite(geometry.extent_x) || !std::isfinite(geometry.extent_y)) {
      throw_not_finite();
    }
    // A map that has outgrown its grid has stayed as it was then.
    iteration_ = geometry.iteration - geometry.overflow;
    overflows_ += geometry.overflow;
    const auto between =
        static_cast<float>(std::max<std::uint64_t>(geometry.iteration - measured_, 1));
    growth_ = {std::max(geometry.extent_x - extent_.x, 0.f) / between,
               std::max(geometry.extent_y - extent_.y, 0.f) / between};
    extent_ = {geometry.extent_x, geometry.extent_y};
    measured_ = geometry.iteration;
  }
}

std::uint64_t MapOptimizer::next_order() const {
  if (ordered_) {
    for (const std::uint64_t due : {kShapedAfter, schedule_.early_iterations + kSpreadAfter}) {
      if (due > ordered_at_) return due;
    }
  }
  return std::numeric_limits<std::uint64_t>::max();
}

void MapOptimizer::follow_curve() {
  const device::Stream& stream = context_.stream();
  order_.follow_curve(context_, {current(), count_}, boxes_.span());
  Point* scratch = points_[(iteration_ + 1) % 2].data();
  order_.rearrange(stream, {current(), count_}, scratch);
  for (device::Buffer<Point>* values : {&velocity_, &gain_, &weak_pull_}) {
    order_.rearrange(stream, values->span(), scratch);
  }
  ordered_at_ = iteration_;
  packed_.reorder(stream, affinities_.view(), order_.host_rows(), order_.rows(), order_.places());
}

double MapOptimizer::exact_normalizer() {
  kernels::exact_repulsion(context_.stream(), {{current(), current()}}, count_, nullptr, nullptr,
                           normalizers_.span(), tail_);
  return total(context_.stream(), normalizers_.span());
}

double MapOptimizer::grid_normalizer() {
  const device::Stream& stream = context_.stream();
  // What the last step added is not in extent_: room for two of them on either side.
  const auto room = static_cast<float>(4.0 * schedule_.max_step);
  const float x = extent_.x + room;
  const float y = extent_.y + room;
  double spacing = kFineSpacing / unit_;
  while (side_for(std::max(x, y), spacing) == 0) spacing *= 1.25;
  RepulsionGrid grid(spacing, count_, tail_);
  grid.resize(stream, {side_for(x, spacing), side_for(y, spacing)}, 1, Interaction::plain);
  device::Buffer<Geometry> geometry(1);
  grid.compute(stream, {{current(), current()}}, boxes_.span(), geometry.data());
  const kernels::Repulsion repulsion = grid.repulsion();
  return total(stream, {repulsion.normalizers, repulsion.normalizer_count}) +
         repulsion.normalizer_offset;
}

double MapOptimizer::divergence(bool exact) {
  const std::size_t limit = exact ? kMaxExactNormalizer : kCheapNormalizer;
  const double normalizer = count_ <= limit ? exact_normalizer() : grid_normalizer();
  device::Buffer<double> sums(boxes_.size());
  device::Buffer<Point> by_row(order_.by_row() ? 0 : count_);
  if (!order_.by_row()) order_.to_rows(context_.stream(), current(), by_row.data());
  kernels::divergence_terms(context_.stream(),
                            {order_.by_row() ? current() : by_row.data(), count_},
                            affinities_.view(), sums.span(), tail_);
  return total(context_.stream(), sums.span()) + std::log(normalizer);
}

Array<float> MapOptimizer::map() const {
  std::vector<Point> points(count_);
  device::copy_to_host<Point>(context_.stream(), {current(), count_}, points);
  double mean_x = 0.0;
  double mean_y = 0.0;
  for (const Point& point : points) {
    mean_x += double{point.x} / static_cast<double>(count_);
    mean_y += double{point.y} / static_cast<double>(count_);
  }
  Array<float> map({count_, on_line_ ? 1U : 2U});
  for (std::size_t i = 0; i < count_; ++i) {
    const auto row = map.row(order_.row(i));
    row[0] = static_cast<float>(unit_ * (points[i].x - mean_x));
    if (!on_line_) row[1] = static_cast<float>(unit_ * (points[i].y - mean_y));
  }
  return map;
}

}  // namespace hourglass::HOURGLASS_TARGET
