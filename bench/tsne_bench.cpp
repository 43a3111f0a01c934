// The stages of t-SNE: neighbours and affinities once, then what an iteration is made of, on the
// grid of an early map and on that of a late one.
#include <algorithm>
#include <memory>
#include <string>

#include "kernels/tsne/repulsion.hpp"
#include "manifold/affinity_matrix.hpp"
#include "manifold/map_optimizer.hpp"
#include "manifold/neighbors.hpp"
#include "manifold/repulsion_grid.hpp"
#include "support/codes.hpp"
#include "support/copy_neighbors.hpp"
#include "support/measure.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {
namespace {

constexpr std::size_t kPoints = 10'000;

/// A map that fills a square of this width evenly.
device::Buffer<kernels::Point> random_map(math::Context& context, float width) {
  const auto values = random_values(2 * kPoints, -0.5f * width, 0.5f * width);
  std::vector<kernels::Point> points(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) points[i] = {values[2 * i], values[2 * i + 1]};
  return device::to_device<kernels::Point>(context.stream(), points);
}

Neighbors neighbors_of(math::Context& context, const std::vector<float>& x) {
  return find_neighbors(context, device::to_device<float>(context.stream(), x).span(), kPoints,
                        kFeatures, kNeighbors);
}

void add_graph(math::Context& context) {
  add("tsne/neighbours of 10,000 x 392", [&context](benchmark::State& state) {
    const auto x = random_values(kPoints * kFeatures);
    const Cost cost{.bytes = float_bytes(x.size() + 2 * kPoints * kNeighbors),
                    .flops = 2 * kPoints * kPoints * kFeatures};
    measure_unrecorded(state, context, cost,
                       [&] { benchmark::DoNotOptimize(neighbors_of(context, x).k); });
  });
  add("tsne/affinities", [&context](benchmark::State& state) {
    const auto neighbors = neighbors_of(context, random_values(kPoints * kFeatures));
    const Cost cost{.bytes = float_bytes(2 * 3 * kPoints * kNeighbors)};
    measure_unrecorded(state, context, cost, [&] {
      const AffinityMatrix matrix(context, copy_of(context.stream(), neighbors), kPoints,
                                  kPerplexity);
      benchmark::DoNotOptimize(matrix.entries());
    });
  });
}

/// What an iteration works on.
struct Iteration {
  Iteration(math::Context& context, std::uint32_t side, float width)
      : affinities(context, neighbors_of(context, random_values(kPoints * kFeatures)), kPoints,
                   kPerplexity),
        packed(context.stream(), affinities.view(), kPoints, affinities.entries()),
        grid(1.0 / 3.0, kPoints),
        points(random_map(context, width)),
        moved(kPoints),
        velocity(kPoints),
        gain(kPoints),
        weak_pull(kPoints),
        boxes(kernels::move_box_count(kPoints)),
        geometry(1) {
    device::fill_with_zero(context.stream(), velocity.span());
    device::fill_with_zero(context.stream(), gain.span());
    device::fill_with_zero(context.stream(), geometry.span());
    grid.resize(context.stream(), {side, side}, 1, kernels::Interaction::plain);
    kernels::measure_points(context.stream(), points.span(), 0, boxes.span());
  }

  kernels::Points both() { return {{points.data(), moved.data()}}; }
  void repel(math::Context& context) {
    grid.compute(context.stream(), both(), boxes.span(), geometry.data());
  }
  /// The points stay where they are, so every run is the same: the first iteration.
  void move(math::Context& context) {
    kernels::move_points(context.stream(), both(), kPoints, packed.view(), grid.repulsion(),
                         {.learning_rate = 1e-30}, geometry.data(),
                         {velocity.data(), gain.data(), weak_pull.data()}, boxes.span());
  }

  AffinityMatrix affinities;
  PackedAffinityMatrix packed;
  RepulsionGrid grid;
  device::Buffer<kernels::Point> points, moved, velocity, gain, weak_pull;
  device::Buffer<kernels::Box> boxes;
  device::Buffer<kernels::Geometry> geometry;
};

void add_iteration(math::Context& context, std::uint32_t side, float width) {
  const std::string grid = ", grid of " + std::to_string(side);
  const std::size_t plane = std::size_t{side} * side;
  add("tsne/potential" + grid, [&context, side, width, plane](benchmark::State& state) {
    Iteration iteration(context, side, width);
    // Charges, their plane and the potential are half planes; the transform goes by four times.
    const Cost cost{.bytes = float_bytes(4 * plane + 4 * plane + 2 * kPoints)};
    measure(state, context, cost, [&] { iteration.repel(context); });
  });
  add("tsne/move" + grid, [&context, side, width](benchmark::State& state) {
    Iteration iteration(context, side, width);
    iteration.repel(context);
    // Strong and weak entries, of 4 bytes each.
    const Cost cost{.bytes = float_bytes(iteration.affinities.entries() + 12 * kPoints),
                    .flops = 11 * iteration.affinities.entries()};
    measure(state, context, cost, [&] { iteration.move(context); });
  });
}

void add_exact(math::Context& context) {
  add("tsne/all pairs of 10,000", [&context](benchmark::State& state) {
    auto points = random_map(context, 25.f);
    device::Buffer<kernels::Point> forces(kernels::repulsion_parts(kPoints) * kPoints);
    device::Buffer<double> sums(kernels::repulsion_partial_count(kPoints));
    const Cost cost{.bytes = float_bytes(4 * kPoints), .flops = 13 * kPoints * kPoints};
    measure(state, context, cost, [&] {
      kernels::exact_repulsion(context.stream(), {{points.data(), nullptr}}, kPoints, nullptr,
                               forces.data(), sums.span());
    });
  });
}

/// A thousand iterations either way: where they cost the same is where the program switches.
void add_switch(math::Context& context, std::size_t points) {
  constexpr std::size_t kIterations = 1000;
  constexpr std::size_t kStride = 50;
  for (const bool exact : {true, false}) {
    const std::string name =
        "tsne/loop, " + std::to_string(points) + (exact ? " points, all pairs" : " points, grid");
    add(name, [&context, points, exact](benchmark::State& state) {
      const Array<float> x{{points, 8}, random_values(points * 8)};
      const AffinityMatrix affinities(
          context,
          find_neighbors(context, device::to_device<float>(context.stream(), x.values).span(),
                         points, 8, kNeighbors),
          points, kPerplexity);
      Array<float> initial({points, 2});
      for (std::size_t i = 0; i < points; ++i) {
        initial.row(i)[0] = 1e-4f * x.row(i)[0];
        initial.row(i)[1] = 1e-4f * x.row(i)[1];
      }
      const TsneSchedule schedule{.learning_rate =
                                      std::max(static_cast<double>(points) / 48.0, 50.0)};
      const RepulsionOptions repulsion{.exact_points = exact ? points : 0};
      measure_unrecorded(state, context, {}, [&] {
        MapOptimizer optimizer(context, affinities, initial, schedule, repulsion);
        for (std::size_t i = 0; i < kIterations; i += kStride) optimizer.advance(kStride);
      });
    });
  }
}

}  // namespace

void add_tsne(math::Context& context) {
  add_graph(context);
  add_iteration(context, 144, 21.f);
  add_iteration(context, 960, 150.f);
  add_exact(context);
  for (const std::size_t points : {1000U, 1500U, 2000U, 3000U, 4000U, 6000U}) {
    add_switch(context, points);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
