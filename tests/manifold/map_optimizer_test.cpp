// What only the optimizer itself can be made to do: to use a grid where sums would be quicker, and
// to let a map outgrow it.
#include "manifold/map_optimizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <set>
#include <string>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/neighbors.hpp"
#include "manifold/sample_data.hpp"
#include "manifold/space_optimizer.hpp"
#include "manifold/space_reference.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Optimizer : public OnTarget {
 protected:
  static constexpr std::size_t kRows = 1201;
  static constexpr std::size_t kNeighbors = 15;
  static constexpr double kPerplexity = 5.0;

  AffinityMatrix affinities(const Array<float>& x) {
    return {context(),
            find_neighbors(context(), device::to_device<float>(stream(), x.values).span(), x.rows(),
                           x.row_size(), kNeighbors),
            x.rows(), kPerplexity};
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
TEST_F(Optimizer, AnIterationIsFiveNodes) {
  constexpr std::size_t kPoints = 10000;
  const auto matrix = affinities(test::normal_data(kPoints, 4));
  const PackedAffinityMatrix packed(stream(), matrix.view(), kPoints, matrix.entries());
  for (const std::uint32_t side : {64U, 960U}) {  // an early map's grid and a late one's
    RepulsionGrid grid(0.5, kPoints);
    grid.resize(stream(), {side, side}, 1, kernels::Interaction::plain);
    device::Buffer<kernels::Point> points(kPoints), velocity(kPoints), gain(kPoints);
    device::Buffer<kernels::Point> weak(kPoints), moved(kPoints);
    device::Buffer<kernels::Box> boxes(kernels::move_box_count(kPoints));
    device::Buffer<kernels::Geometry> geometry(1);
    const kernels::Points both{{points.data(), moved.data()}};
    const device::Graph graph = device::Graph::record_kernels(stream(), [&] {
      grid.compute(stream(), both, boxes.span(), geometry.data());
      kernels::move_points(stream(), both, kPoints, packed.view(), grid.repulsion(), {},
                           geometry.data(), {velocity.data(), gain.data(), weak.data()},
                           boxes.span());
    });
    EXPECT_EQ(graph.node_count(), kOnCuda ? 5U : 0U) << side;
  }
}

// Then it stands still until it has a larger one, velocities and gains and all: every step is what
// it would have been. Repulsion alone makes it grow; much faster, and rounding alone would show.
TEST_F(Optimizer, AMapThatOutgrowsItsGridGoesOnOnALargerOne) {
  constexpr double kRate = 3e3;
  constexpr std::size_t kIterations = 4;
  const auto x = test::normal_data(kRows, 4);
  const auto matrix = affinities(x);
  const auto initial = in_map(test::blob_map(kRows, 14.2));  // on a grid that holds 14.33
  MapOptimizer optimizer(context(), matrix, initial,
                         {.early_exaggeration = 0.0, .learning_rate = kRate}, {.exact_points = 0});
  optimizer.advance(1);
  optimizer.advance(kIterations - 1);
  EXPECT_GT(optimizer.overflows(), 0U);
  const auto map = optimizer.map();
  EXPECT_GT(width(map), 15.0) << "a test of growth without growth";
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

// How iterations are asked for changes nothing.
TEST_F(Optimizer, StridesDoNotMatter) {
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  const auto initial = in_map(test::blob_map(kRows, 5e-4));
  for (const std::size_t exact_points : {std::size_t{0}, kRows}) {
    const auto map = [&](const std::vector<std::size_t>& strides) {
      MapOptimizer optimizer(context(), matrix, initial,
                             {.early_iterations = 0, .learning_rate = 50.0},
                             {.exact_points = exact_points, .ordered_points = 0});
      for (const std::size_t stride : strides) optimizer.advance(stride);
      return optimizer.map().values;
    };
    EXPECT_EQ(map({20}), map({1, 7, 2, 10}));
    if (exact_points == 0) continue;                // a grid is chosen when the host looks
    EXPECT_EQ(map({104}), map({45, 8, 47, 1, 3}));  // points are put in order after 50 and 100
  }
}

// Where points lie in memory changes the roundings of a mean and no more: they are put in order
// after 50 iterations, and again 100 after the early ones. (Exaggerated throughout, for a map that
// is left to itself magnifies roundings.)
TEST_F(Optimizer, PointsInOrderComeBackToTheirRows) {
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  const auto plane = in_map(test::blob_map(kRows, 5e-4));
  Array<float> line({kRows, 1});
  for (std::size_t i = 0; i < kRows; ++i) line.row(i)[0] = plane.row(i)[0];
  const TsneSchedule schedule{
      .early_iterations = 10, .late_exaggeration = 12.0, .learning_rate = 50.0};
  for (const Array<float>& initial : {plane, line}) {
    MapOptimizer by_row(context(), matrix, initial, schedule,
                        {.exact_points = 0, .ordered_points = kRows + 1});
    MapOptimizer in_order(context(), matrix, initial, schedule,
                          {.exact_points = 0, .ordered_points = kRows});
    for (const std::size_t iterations : {50U, 1U, 59U, 1U, 5U}) {  // 50, 51, 110, 111, 116
      by_row.advance(iterations);
      in_order.advance(iterations);
      const auto expected = by_row.map();
      const auto map = in_order.map();
      const double tolerance = 1e-3 * width(expected);
      for (std::size_t i = 0; i < map.values.size(); ++i) {
        ASSERT_NEAR(map.values[i], expected.values[i], tolerance) << i;
      }
      EXPECT_NEAR(in_order.divergence(true), by_row.divergence(true), 1e-4);
    }
    EXPECT_TRUE(by_row.order().by_row());
    const auto rows = in_order.order().host_rows();
    ASSERT_EQ(std::set(rows.begin(), rows.end()).size(), kRows);
    const auto map = in_order.map();
    double along_order = 0.0;
    double along_rows = 0.0;
    for (std::size_t i = 1; i < kRows; ++i) {
      along_order += std::abs(double{map.row(rows[i])[0]} - double{map.row(rows[i - 1])[0]});
      along_rows += std::abs(double{map.row(i)[0]} - double{map.row(i - 1)[0]});
    }
    EXPECT_LT(along_order, 0.2 * along_rows);
  }
}

TEST_F(Optimizer, AMapThatGrowsWithoutBoundIsAnError) {
  const auto x = test::normal_data(kRows, 4);
  const auto matrix = affinities(x);
  auto initial = in_map(test::blob_map(kRows, 1350.0));  // the widest grid holds 1363
  MapOptimizer optimizer(context(), matrix, initial,
                         {.early_exaggeration = 0.0, .learning_rate = 1e12},
                         {.exact_points = 0, .thin = 0.0});
  try {
    for (int time = 0; time < 3; ++time) optimizer.advance(4);
    ADD_FAILURE() << "no error at a width of " << width(optimizer.map());
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("learning rate"), std::string::npos) << error.what();
  }
}

TEST_F(Optimizer, AMapThatMightGrowTooLargeIsNoErrorYet) {
  constexpr double kStart = 1320.0;
  constexpr double kMost = 1363.6;  // on the widest grid
  const auto x = test::normal_data(kRows, 4);
  const auto matrix = affinities(x);
  const auto initial = in_map(test::blob_map(kRows, kStart));
  MapOptimizer optimizer(context(), matrix, initial,
                         {.early_exaggeration = 0.0, .learning_rate = 3.5e7},
                         {.exact_points = 0, .thin = 0.0});
  optimizer.advance(2);
  const double growth = 0.5 * (width(optimizer.map()) - kStart);  // an iteration
  EXPECT_GT(kStart + 6.0 * growth, kMost) << "twice as fast it would not be too large either";
  optimizer.advance(3);
  EXPECT_LT(width(optimizer.map()), kMost + growth);
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

// A point a million spreads away begins a million times as far out as others are apart. It neither
// keeps them together for good nor widens their grid.
TEST_F(Optimizer, AnOutlierDoesNotSpoilTheMapOfTheOthers) {
  constexpr std::size_t kIterations = 350;
  auto x = test::blob_data(kRows, 10, 4, 12.0);
  auto places = test::blob_map(kRows, 5e-4);
  for (float& value : x.row(7)) value *= 1e6f;
  for (auto& place : places) place = {1e-6 * place.x, 1e-6 * place.y};
  places[7] = {1e-2, 0.0};
  const auto matrix = affinities(x);
  const auto descend = [&](const std::vector<test::Place>& from, std::size_t exact_points,
                           double widest) {
    MapOptimizer optimizer(context(), matrix, in_map(from), {.learning_rate = 50.0},
                           {.exact_points = exact_points});
    optimizer.advance(kIterations);
    EXPECT_LT(width(optimizer.map()), widest);
    return optimizer.divergence(true);
  };
  const double sums = descend(places, kRows, 100.0);
  EXPECT_NEAR(descend(places, 0, 100.0), sums, 0.05 * sums);
  // One that begins far out needs more iterations to come in, on a plane that is long and low.
  places[7] = {300.0, 0.0};
  EXPECT_TRUE(std::isfinite(descend(places, 0, 300.0)));
}

// Not the same map, for it is a chaotic descent, but as good a one.
TEST_F(Optimizer, SumsAndGridsAgree) {
  constexpr std::size_t kIterations = 350;
  constexpr double kAlways = 1e9;
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  auto initial = in_map(test::blob_map(kRows, 5e-4));
  const auto divergence = [&](const RepulsionOptions& repulsion, bool near_pairs) {
    MapOptimizer optimizer(context(), matrix, initial, {.learning_rate = 50.0}, repulsion);
    optimizer.advance(kIterations / 2);
    optimizer.advance(kIterations - kIterations / 2);
    EXPECT_EQ(optimizer.sums_near_pairs(), near_pairs);
    return optimizer.divergence(true);
  };
  const double sums = divergence({.exact_points = kRows}, false);
  EXPECT_GT(sums, 0.0);
  EXPECT_NEAR(divergence({.exact_points = 0, .thin = 0.0}, false), sums, 0.03 * sums);
  EXPECT_NEAR(divergence({.exact_points = 0, .thin = kAlways}, true), sums, 0.03 * sums);
  // Only a plain tail has a near field.
  (void)divergence({.dof = 2.0, .exact_points = 0, .thin = kAlways}, false);
}

// A map that begins wide is thin, until exaggeration has drawn it together: then its near pairs
// would be most of all pairs.
TEST_F(Optimizer, NearPairsAreSummedWhileTheMapIsThin) {
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  const auto wide = in_map(test::blob_map(kRows, 120.0));
  const RepulsionOptions repulsion{.exact_points = 0, .thin = 15.0};
  MapOptimizer optimizer(context(), matrix, wide, {.learning_rate = 50.0}, repulsion);
  optimizer.advance(1);
  EXPECT_TRUE(optimizer.sums_near_pairs());
  for (int look = 0; look < 24; ++look) optimizer.advance(10);
  EXPECT_FALSE(optimizer.sums_near_pairs());
  // Nor does one that is thin only for a point far out.
  auto places = test::blob_map(kRows, 1.0);
  places[7] = {100.0, 100.0};
  MapOptimizer crowd(context(), matrix, in_map(places), {.learning_rate = 50.0}, repulsion);
  crowd.advance(1);
  EXPECT_FALSE(crowd.sums_near_pairs());
}

// ---- in three dimensions -----------------------------------------------------------------------

TEST_F(Optimizer, InSpaceStridesDoNotMatter) {
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  const auto initial = test::space_blob(kRows, 5e-4);
  for (const std::size_t exact_points : {std::size_t{0}, kRows}) {
    const auto map = [&](const std::vector<std::size_t>& strides) {
      SpaceOptimizer optimizer(context(), matrix, initial, {.learning_rate = 50.0},
                               {.exact_points = exact_points});
      for (const std::size_t stride : strides) optimizer.advance(stride);
      EXPECT_EQ(optimizer.grid_iterations(), exact_points == 0 ? 20U : 0U);
      return optimizer.map().values;
    };
    EXPECT_EQ(map({20}), map({1, 7, 2, 10}));
  }
}

TEST_F(Optimizer, InSpaceSumsAndGridsAgree) {
  const auto matrix = affinities(test::blob_data(kRows, 10, 4, 12.0));
  const auto initial = test::space_blob(kRows, 5e-4);
  const auto divergence = [&](std::size_t exact_points) {
    SpaceOptimizer optimizer(context(), matrix, initial, {.learning_rate = 50.0},
                             {.exact_points = exact_points});
    for (int stride = 0; stride < 30; ++stride) optimizer.advance(10);
    return optimizer.divergence(true);
  };
  const double sums = divergence(kRows);
  EXPECT_GT(sums, 0.0);
  EXPECT_NEAR(divergence(0), sums, 0.03 * sums);
}

// Repulsion alone makes it grow: every step is what it would have been, on whatever grid or none.
TEST_F(Optimizer, AMapInSpaceThatOutgrowsItsGridGoesOn) {
  const auto matrix = affinities(test::normal_data(kRows, 4));
  for (const double span : {8.9, 40.5}) {  // on grids that hold 9 and 41 units, the last there is
    SCOPED_TRACE(span);
    const auto initial = test::space_blob(kRows, span);
    const auto descend = [&](std::size_t exact_points, std::size_t& overflows) {
      SpaceOptimizer optimizer(context(), matrix, initial,
                               {.early_exaggeration = 0.0, .learning_rate = 1e4},
                               {.exact_points = exact_points});
      optimizer.advance(1);
      optimizer.advance(3);
      overflows = optimizer.overflows();
      return optimizer.map();
    };
    std::size_t overflows = 0;
    const auto expected = descend(kRows, overflows);
    EXPECT_EQ(overflows, 0U);
    const auto map = descend(0, overflows);
    EXPECT_GT(overflows, 0U);
    double error = 0.0;
    double moved = 0.0;
    for (std::size_t i = 0; i < map.values.size(); ++i) {
      error += std::pow(double{map.values[i]} - double{expected.values[i]}, 2);
      moved += std::pow(double{expected.values[i]} - double{initial.values[i]}, 2);
    }
    EXPECT_LE(std::sqrt(error / moved), 0.02);
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
