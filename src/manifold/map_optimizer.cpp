#include "manifold/map_optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "device/target.hpp"
#include "kernels/tsne/repulsion.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::Geometry;
using kernels::Point;

/// Up to here summing all pairs is as quick as a grid, and it is exact. On the CPU measured
/// (docs/performance.md), on CUDA an estimate.
constexpr std::size_t kExactPoints = kOnCuda ? 1500 : 5000;
/// Up to here an exact normalisation costs less than a few iterations.
constexpr std::size_t kCheapNormalizer = 20000;
/// Beyond, a fine grid's is exact to single precision's last digits, and all pairs take minutes.
constexpr std::size_t kMaxExactNormalizer = 200000;
constexpr float kFineSpacing = 0.25f;

/// The grid for small maps, whose spacing follows the map down.
constexpr std::uint32_t kSmallSide = 144;
constexpr std::uint32_t kSmallLevels = 21;

/// The sides of larger grids: products of small primes, each about an eighth larger than the last.
constexpr std::uint32_t kSides[] = {160,  180,  200,  216,  240,  270,  300,  324,  360,  400,
                                    432,  480,  540,  600,  640,  720,  800,  864,  960,  1080,
                                    1152, 1280, 1440, 1600, 1728, 1920, 2160, 2400, 2560, 2880,
                                    3200, 3456, 3840, 4320, 4800, 5120, 5760, 6400, 6912, 7680};

double total(const device::Stream& stream, const device::Buffer<double>& partial_sums) {
  std::vector<double> sums(partial_sums.size());
  device::copy_to_host<double>(stream, partial_sums.span(), sums);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

MapOptimizer::State::State(std::size_t points_, std::size_t box_count)
    : points(points_), velocity(points_), gain(points_), boxes(box_count), geometry(1) {}

void MapOptimizer::State::copy_from(const device::Stream& stream, const State& other) {
  const auto copy = [&](auto& to, const auto& from) {
    device::copy_bytes_on_device(stream, to.data(), from.data(), from.span().size_bytes());
  };
  copy(points, other.points);
  copy(velocity, other.velocity);
  copy(gain, other.gain);
  copy(boxes, other.boxes);
  copy(geometry, other.geometry);
}

MapOptimizer::MapOptimizer(math::Context& context, const AffinityMatrix& affinities,
                           const Array<float>& map, const TsneSchedule& schedule,
                           const RepulsionOptions& repulsion)
    : context_(context),
      affinities_(affinities),
      points_(map.rows()),
      schedule_(schedule),
      spacing_(static_cast<float>(repulsion.spacing)),
      exact_(points_ <= repulsion.exact_points.value_or(kExactPoints)),
      state_(points_, kernels::move_box_count(points_)),
      checkpoint_(points_, kernels::move_box_count(points_)),
      moved_(points_),
      forces_(exact_ ? points_ : 0),
      normalizers_(kernels::repulsion_partial_count(points_)) {
  std::vector<Point> start(points_);
  for (std::size_t i = 0; i < points_; ++i) start[i] = {map.row(i)[0], map.row(i)[1]};
  const device::Stream& stream = context.stream();
  device::copy_to_device<Point>(stream, start, state_.points.span());
  device::fill_with_zero(stream, state_.velocity.span());
  device::copy_to_device<Point>(stream, std::vector<Point>(points_, Point{1.f, 1.f}),
                                state_.gain.span());
  const Geometry geometry;
  device::copy_to_device<Geometry>(stream, {&geometry, 1}, state_.geometry.span());
  kernels::measure_points(context.stream(), state_.points.span(), state_.boxes.span());
  std::vector<Box> boxes(state_.boxes.size());
  device::copy_to_host<Box>(stream, state_.boxes.span(), boxes);
  Box all;
  for (const Box& box : boxes) {
    all.min_x = std::min(all.min_x, box.min_x);
    all.min_y = std::min(all.min_y, box.min_y);
    all.max_x = std::max(all.max_x, box.max_x);
    all.max_y = std::max(all.max_y, box.max_y);
  }
  span_ = std::max(all.max_x - all.min_x, all.max_y - all.min_y);
}

RepulsionGrid* MapOptimizer::choose_grid(float span) {
  if (exact_) return nullptr;
  const auto grid = [&](std::uint32_t side) -> RepulsionGrid* {
    const auto found = grids_.find(side);
    if (found != grids_.end()) return &found->second;
    const bool small = side == kSmallSide;
    return &grids_
                .try_emplace(side, context_,
                             kernels::GridShape{.side = side,
                                                .levels = small ? kSmallLevels : 1,
                                                .coarsest_spacing = spacing_},
                             small ? kernels::Interaction::minus_one : kernels::Interaction::plain,
                             points_)
                .first->second;
  };
  const auto holds = [&](std::uint32_t side) {
    return side >= smallest_side_ &&
           span <= spacing_ * static_cast<float>(kernels::usable_cells(side));
  };
  if (holds(kSmallSide)) return grid(kSmallSide);
  const auto* side = std::find_if(std::begin(kSides), std::end(kSides), holds);
  if (side == std::end(kSides)) {
    throw Error("the map has grown to a width of " + std::to_string(span) +
                ": it grows without bound; try a smaller learning rate");
  }
  return grid(*side);
}

void MapOptimizer::iterate(RepulsionGrid* grid, device::Buffer<Point>& from,
                           device::Buffer<Point>& to) {
  device::Stream& stream = context_.stream();
  Geometry* geometry = state_.geometry.data();
  kernels::Repulsion repulsion{.forces = forces_.data(),
                               .normalizers = normalizers_.data(),
                               .normalizer_count = static_cast<std::uint32_t>(normalizers_.size()),
                               .normalizer_offset = 0.0};
  if (grid != nullptr) {
    grid->compute(context_, from.span(), state_.boxes.span(), geometry);
    repulsion = grid->repulsion();
  } else {
    kernels::begin_iteration(stream, points_, state_.boxes.span(), geometry);
    kernels::exact_repulsion(stream, from.span(), forces_.data(), normalizers_.span());
  }
  kernels::move_points(stream, from.span(), affinities_.view(), repulsion, schedule_, geometry,
                       {state_.velocity.data(), state_.gain.data()}, to.data(),
                       state_.boxes.span());
}

/// An even number of iterations ends where it began; an odd one is brought back by a copy.
void MapOptimizer::run_recorded(RepulsionGrid* grid, std::size_t iterations) {
  const std::uint32_t side = grid == nullptr ? 0 : grid->shape().side;
  graphs_[{side, iterations}].run(context_.stream(), [this, grid, iterations] {
    for (std::size_t i = 0; i < iterations; ++i) {
      iterate(grid, i % 2 == 0 ? state_.points : moved_, i % 2 == 0 ? moved_ : state_.points);
    }
    if (iterations % 2 != 0) {
      device::copy_bytes_on_device(context_.stream(), state_.points.data(), moved_.data(),
                                   points_ * sizeof(Point));
    }
  });
}

void MapOptimizer::advance(std::size_t iterations) {
  const device::Stream& stream = context_.stream();
  checkpoint_.copy_from(stream, state_);
  for (float expected = span_ + 2.f * growth_;;) {
    RepulsionGrid* grid = choose_grid(expected);
    run_recorded(grid, iterations);
    Geometry geometry;
    device::copy_to_host<Geometry>(stream, state_.geometry.span(), {&geometry, 1});
    if (!std::isfinite(geometry.span)) {
      throw Error("the map is no longer finite; try a smaller learning rate");
    }
    if (geometry.overflow == 0) {
      growth_ = std::max(geometry.span - span_, 0.f);
      span_ = geometry.span;
      return;
    }
    // The map outgrew its grid on the way: back, and again on one that holds it.
    // However far it came there: it will want that soon, and each attempt costs a stride.
    state_.copy_from(stream, checkpoint_);
    const float widest =
        spacing_ * static_cast<float>(kernels::usable_cells(*std::prev(std::end(kSides))));
    expected = std::max(expected, std::min(std::max(1.3f * grid->reach(), geometry.span), widest));
    smallest_side_ = grid->shape().side + 1;
  }
}

double MapOptimizer::exact_normalizer() {
  kernels::exact_repulsion(context_.stream(), state_.points.span(), nullptr, normalizers_.span());
  return total(context_.stream(), normalizers_);
}

double MapOptimizer::grid_normalizer() {
  const float cells = span_ / kFineSpacing + 16.f;
  const auto* side = std::find_if(std::begin(kSides), std::end(kSides), [&](std::uint32_t s) {
    return static_cast<float>(kernels::usable_cells(s)) >= cells;
  });
  if (side == std::end(kSides)) side = std::end(kSides) - 1;
  if (!fine_grid_ || fine_grid_->shape().side < *side) {
    fine_grid_.reset();  // frees its memory before the next is taken
    fine_grid_.emplace(
        context_, kernels::GridShape{.side = *side, .levels = 1, .coarsest_spacing = kFineSpacing},
        kernels::Interaction::plain, points_);
  }
  RepulsionGrid& grid = *fine_grid_;
  device::Buffer<Geometry> geometry(1);
  const Geometry fresh;
  device::copy_to_device<Geometry>(context_.stream(), {&fresh, 1}, geometry.span());
  grid.compute(context_, state_.points.span(), state_.boxes.span(), geometry.data());
  const kernels::Repulsion repulsion = grid.repulsion();
  std::vector<double> sums(repulsion.normalizer_count);
  device::copy_to_host<double>(context_.stream(), {repulsion.normalizers, sums.size()}, sums);
  return std::accumulate(sums.begin(), sums.end(), repulsion.normalizer_offset);
}

double MapOptimizer::divergence(bool exact) {
  const std::size_t limit = exact ? kMaxExactNormalizer : kCheapNormalizer;
  const double normalizer = points_ <= limit ? exact_normalizer() : grid_normalizer();
  device::Buffer<double> sums(state_.boxes.size());
  kernels::divergence_terms(context_.stream(), state_.points.span(), affinities_.view(),
                            sums.span());
  return total(context_.stream(), sums) + std::log(normalizer);
}

Array<float> MapOptimizer::map() const {
  std::vector<Point> points(points_);
  device::copy_to_host<Point>(context_.stream(), state_.points.span(), points);
  double mean_x = 0.0;
  double mean_y = 0.0;
  for (const Point& point : points) {
    mean_x += double{point.x} / static_cast<double>(points_);
    mean_y += double{point.y} / static_cast<double>(points_);
  }
  Array<float> map({points_, 2});
  for (std::size_t i = 0; i < points_; ++i) {
    map.row(i)[0] = static_cast<float>(points[i].x - mean_x);
    map.row(i)[1] = static_cast<float>(points[i].y - mean_y);
  }
  return map;
}

}  // namespace hourglass::HOURGLASS_TARGET
