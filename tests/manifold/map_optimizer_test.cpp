// What only the optimizer itself can be made to do: to use a grid where sums would be quicker, and
// to let a map outgrow it.
#include "manifold/map_optimizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/neighbors.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Optimizer : public OnTarget {
 protected:
  static constexpr std::size_t kRows = 1201;
  static constexpr std::size_t kNeighbors = 15;
  static constexpr double kPerplexity = 5.0;

  AffinityMatrix affinities(const Array<float>& x) {
    const Neighbors neighbors =
        find_neighbors(context(), device::to_device<float>(stream(), x.values).span(), x.rows(),
                       x.row_size(), kNeighbors);
    return {context(), neighbors, x.rows(), kPerplexity};
  }

  static Array<float> in_map(const std::vector<test::Place>& places) {
    Array<float> map({places.size(), 2});
    for (std::size_t i = 0; i < places.size(); ++i) {
      map.row(i)[0] = static_cast<float>(places[i].x);
      map.row(i)[1] = static_cast<float>(places[i].y);
    }
    return map;
  }

  static double width(const Array<float>& map) {
    double low = 0.0, high = 0.0;
    for (std::size_t i = 0; i < map.rows(); ++i) {
      low = std::min(low, double{map.row(i)[0]});
      high = std::max(high, double{map.row(i)[0]});
    }
    return high - low;
  }
};

// What the host hands a GPU for one iteration. On the CPU nothing is recorded as nodes.
TEST_F(Optimizer, AnIterationIsEightNodesAtMost) {
  constexpr std::size_t kPoints = 10000;
  constexpr std::size_t kMostNodes = 8;
  const auto matrix = affinities(test::normal_data(kPoints, 4));
  for (const std::uint32_t side : {144U, 960U}) {  // an early map's grid and a late one's
    RepulsionGrid grid(context(), {.side = side, .levels = 1, .coarsest_spacing = 0.5f},
                       kernels::Interaction::plain, kPoints);
    auto points = to_device(std::vector<kernels::Point>(kPoints, {0.f, 0.f}));
    device::Buffer<kernels::Point> velocity(kPoints), gain(kPoints), moved(kPoints);
    device::Buffer<kernels::Box> boxes(kernels::move_box_count(kPoints));
    device::Buffer<kernels::Geometry> geometry(1);
    const auto iterate = [&] {
      grid.compute(context(), points.span(), boxes.span(), geometry.data());
      kernels::move_points(stream(), points.span(), matrix.view(), grid.repulsion(), {},
                           geometry.data(), {velocity.data(), gain.data()}, moved.data(),
                           boxes.span());
    };
    iterate();  // a library's first call allocates
    const device::Graph graph = device::Graph::record(stream(), iterate);
    RecordProperty("nodes" + std::to_string(side), static_cast<int>(graph.node_count()));
    EXPECT_GE(graph.node_count(), kOnCuda ? 4U : 0U);
    EXPECT_LE(graph.node_count(), kMostNodes) << side;
  }
}

// Then it is taken back, velocities and gains and all, and made again on a larger one: every step
// is what it would have been. Repulsion alone makes it grow; much faster, and rounding alone would
// show.
TEST_F(Optimizer, AMapThatOutgrowsItsGridIsMadeAgain) {
  constexpr double kRate = 3e3;
  constexpr std::size_t kIterations = 4;
  const auto x = test::normal_data(kRows, 4);
  const auto matrix = affinities(x);
  const auto initial = in_map(test::blob_map(kRows, 21.0));  // on a grid that holds 22.3
  MapOptimizer optimizer(context(), matrix, initial,
                         {.early_exaggeration = 0.0, .learning_rate = kRate}, {.exact_points = 0});
  optimizer.advance(1);
  optimizer.advance(kIterations - 1);
  const auto map = optimizer.map();
  EXPECT_GT(width(map), 23.0) << "a test of growth without growth";
  const auto expected =
      test::dense_tsne({}, test::in_double_points(initial), kIterations, kRate, 0.0);
  for (std::size_t i = 0; i < kRows; ++i) {
    ASSERT_NEAR(map.row(i)[0], expected[i].x, 0.3) << i;
    ASSERT_NEAR(map.row(i)[1], expected[i].y, 0.3) << i;
  }
  // The larger grid serves from now on.
  optimizer.advance(10);
  EXPECT_TRUE(std::isfinite(optimizer.divergence(true)));
  EXPECT_GT(width(optimizer.map()), width(map));
}

TEST_F(Optimizer, AMapThatGrowsWithoutBoundIsAnError) {
  const auto x = test::normal_data(kRows, 4);
  const auto matrix = affinities(x);
  auto initial = in_map(test::blob_map(kRows, 1250.0));  // the widest grid holds 1278
  MapOptimizer optimizer(context(), matrix, initial,
                         {.early_exaggeration = 0.0, .learning_rate = 1e12}, {.exact_points = 0});
  try {
    for (int time = 0; time < 3; ++time) optimizer.advance(4);
    ADD_FAILURE() << "no error at a width of " << width(optimizer.map());
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("learning rate"), std::string::npos) << error.what();
  }
}

TEST_F(Optimizer, DivergenceFromAnyMapMatchesTheDenseOne) {
  const auto x = test::normal_data(kRows, 4);
  const auto matrix = affinities(x);
  const auto dense = test::dense_affinities(x, kNeighbors, kPerplexity);
  for (const double span : {1e-3, 20.0, 300.0}) {
    const auto initial = in_map(test::blob_map(kRows, span));
    MapOptimizer optimizer(context(), matrix, initial, {.learning_rate = 50.0},
                           {.exact_points = 0});
    const double expected = test::dense_divergence(dense, test::in_double_points(initial));
    EXPECT_NEAR(optimizer.divergence(true), expected, 1e-4);
    EXPECT_NEAR(optimizer.divergence(false), expected, 1e-4);
  }
}

// Not the same map, for it is a chaotic descent, but as good a one.
TEST_F(Optimizer, SumsAndGridsAgree) {
  constexpr std::size_t kIterations = 350;
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  auto initial = in_map(test::blob_map(kRows, 5e-4));
  const auto divergence = [&](std::size_t exact_points) {
    MapOptimizer optimizer(context(), matrix, initial, {.learning_rate = 50.0},
                           {.exact_points = exact_points});
    optimizer.advance(kIterations);
    return optimizer.divergence(true);
  };
  const double sums = divergence(kRows);
  EXPECT_GT(sums, 0.0);
  EXPECT_NEAR(divergence(0), sums, 0.03 * sums);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
