// The repulsion of a map: exact sums and the grid's, against sums in double precision.
#include "kernels/tsne/repulsion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <hourglass/npy.hpp>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernels/fft/sides.hpp"
#include "kernels/tsne/move.hpp"
#include "kernels/tsne/spread.hpp"
#include "manifold/dense_reference.hpp"
#include "manifold/repulsion_grid.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::Geometry;
using kernels::GridShape;
using kernels::Interaction;
using kernels::Point;

constexpr std::uint32_t kSmallLevels = 21;  // of the optimizer's

std::vector<Point> in_points(const std::vector<test::Place>& places) {
  std::vector<Point> points(places.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {static_cast<float>(places[i].x), static_cast<float>(places[i].y)};
  }
  return points;
}

Point extent_of(const std::vector<Point>& points) {
  float low_x = points[0].x, high_x = low_x, low_y = points[0].y, high_y = low_y;
  for (const Point& p : points) {
    low_x = std::min(low_x, p.x);
    high_x = std::max(high_x, p.x);
    low_y = std::min(low_y, p.y);
    high_y = std::max(high_y, p.y);
  }
  return {high_x - low_x, high_y - low_y};
}

float span_of(const std::vector<Point>& points) {
  return std::max(extent_of(points).x, extent_of(points).y);
}

/// The shortest side whose nodes hold this much.
std::uint32_t grid_side_for(float extent, float spacing) {
  for (const fft::Radices& line : fft::kLines) {
    if (extent <= spacing * static_cast<float>(kernels::usable_cells(line.length() / 2))) {
      return line.length();
    }
  }
  ADD_FAILURE() << "no side for " << extent;
  return fft::kLongest;
}

struct Repelled {
  std::vector<Point> forces;
  double normalizer = 0.0;
};

class RepulsionTest : public KernelTest {
 protected:
  Repelled exact(const std::vector<Point>& points, bool forces_wanted = true,
                 kernels::Tail tail = {}) {
    auto device_points = to_device(points);
    const std::size_t parts = count_in_way([&] { return kernels::repulsion_parts(points.size()); });
    auto forces = to_device(std::vector<Point>(parts * points.size(), Point{7.f, 7.f}));
    auto sums = poisoned<double>(
        count_in_way([&] { return kernels::repulsion_partial_count(points.size()); }));
    run([&] {
      kernels::exact_repulsion(stream(), {{device_points.data(), nullptr}}, points.size(), nullptr,
                               forces_wanted ? forces.data() : nullptr, sums.span(), tail);
    });
    std::vector<Point> added(points.size());
    const auto partial = to_host(forces);
    for (std::size_t i = 0; i < partial.size(); ++i) {
      added[i % points.size()].x += partial[i].x;
      added[i % points.size()].y += partial[i].y;
    }
    return {added, total(sums)};
  }

  Repelled on_grid(const std::vector<Point>& points, GridSides sides, std::uint32_t levels,
                   float spacing, Interaction interaction, kernels::Tail tail = {}) {
    const std::size_t n = points.size();
    auto device_points = to_device(points);
    Repelled result;
    const auto offsets = to_device(std::vector<std::uint32_t>(n + 1));
    auto moved = to_device(points);
    auto velocity = to_device(std::vector<Point>(n, Point{0.f, 0.f}));
    auto gain = to_device(std::vector<Point>(n, Point{1.f, 1.f}));
    auto weak = to_device(std::vector<Point>(n, Point{0.f, 0.f}));
    auto geometry = to_device(std::vector<Geometry>(1));
    const auto one = to_device(std::vector<double>{1.0});
    // Without affinities and velocity, with Z = 1, a step is 4 x 0.8 x rate x force.
    constexpr float kRate = 0x1p-30f;
    run([&] {
      RepulsionGrid grid(double{spacing}, n, tail);
      grid.resize(stream(), sides, levels, interaction);
      const kernels::Points both{{device_points.data(), moved.data()}};
      device::Buffer<Box> boxes(kernels::move_box_count(n));
      kernels::measure_points(stream(), device_points.span(), 0, boxes.span());
      grid.compute(stream(), both, boxes.span(), geometry.data());
      auto repulsion = grid.repulsion();
      repulsion.normalizers = one.data();
      repulsion.normalizer_count = 1;
      repulsion.normalizer_offset = 0.0;
      TsneSchedule schedule;
      schedule.learning_rate = kRate;
      const kernels::PackedAffinities none{.strong = offsets.data(),
                                           .weak = offsets.data(),
                                           .values = nullptr,
                                           .columns = nullptr,
                                           .wide_columns = nullptr,
                                           .base = 0};
      kernels::move_points(stream(), both, n, none, repulsion, schedule, geometry.data(),
                           {velocity.data(), gain.data(), weak.data()}, boxes.span());
      const auto own = grid.repulsion();
      std::vector<double> sums(own.normalizer_count);
      device::copy_to_host<double>(stream(), {own.normalizers, sums.size()}, sums);
      result.normalizer = std::accumulate(sums.begin(), sums.end(), own.normalizer_offset);
    });
    EXPECT_EQ(to_host(geometry)[0].overflow, 0U);
    EXPECT_EQ(to_host(geometry)[0].iteration, 1U);
    result.forces = to_host(velocity);
    for (Point& force : result.forces) {
      force = {force.x / (3.2f * kRate), force.y / (3.2f * kRate)};
    }
    return result;
  }

  /// On the grid that this map gets.
  Repelled on_grid(const std::vector<Point>& points, float spacing, kernels::Tail tail = {}) {
    const Point extent = extent_of(points);
    const GridSides sides{grid_side_for(extent.x, spacing), grid_side_for(extent.y, spacing)};
    const bool small = sides == GridSides{fft::kShortest, fft::kShortest};
    return on_grid(points, sides, small ? kSmallLevels : 1, spacing,
                   small ? Interaction::minus_one : Interaction::plain, tail);
  }

  /// On a softened one, with its near field.
  Repelled near_and_far(const std::vector<Point>& points, float spacing) {
    const Point extent = extent_of(points);
    return on_grid(points, {grid_side_for(extent.x, spacing), grid_side_for(extent.y, spacing)}, 1,
                   spacing, Interaction::softened);
  }

  // How many blocks a launch has depends on the way, so this is asked in it, but not recorded.
  template <class Count>
  std::size_t count_in_way(const Count& count) {
    std::size_t result = 0;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { result = count(); });
    return result;
  }
  std::size_t box_count(std::size_t points) {
    return count_in_way([&] { return kernels::move_box_count(points); });
  }

  /// The relative error of the forces (2-norm over up to 400 points).
  static double force_error(const std::vector<Point>& forces, const std::vector<Point>& points) {
    const auto places = test::in_double_points(points);
    double error = 0.0;
    double whole = 0.0;
    for (std::size_t i = 0; i < points.size(); i += 1 + points.size() / 400) {
      const auto expected = test::dense_force(places, i);
      error += std::pow(static_cast<double>(forces[i].x) - expected.x, 2) +
               std::pow(static_cast<double>(forces[i].y) - expected.y, 2);
      whole += expected.x * expected.x + expected.y * expected.y;
    }
    return std::sqrt(error / whole);
  }

  /// The same in units of sqrt(dof), and as rounded there.
  static std::pair<std::vector<Point>, std::vector<test::DoublePoint>> in_units_of(
      double dof, const std::vector<test::Place>& map) {
    const double unit = std::sqrt(dof);
    std::pair<std::vector<Point>, std::vector<test::DoublePoint>> result;
    for (const test::Place& place : map) {
      const Point point{static_cast<float>(place.x / unit), static_cast<float>(place.y / unit)};
      result.first.push_back(point);
      result.second.push_back({unit * double{point.x}, unit * double{point.y}});
    }
    return result;
  }

  /// As force_error, of forces in units of sqrt(dof) on places that are in none.
  static double tail_error(const std::vector<Point>& forces,
                           const std::vector<test::DoublePoint>& places, double dof) {
    double error = 0.0;
    double whole = 0.0;
    for (std::size_t i = 0; i < places.size(); i += 1 + places.size() / 400) {
      const auto expected = test::dense_force(places, i, dof);
      const double scale = 1.0 / std::sqrt(dof);
      error += std::pow(scale * double{forces[i].x} - expected.x, 2) +
               std::pow(scale * double{forces[i].y} - expected.y, 2);
      whole += expected.x * expected.x + expected.y * expected.y;
    }
    return std::sqrt(error / whole);
  }

  double total(const device::Buffer<double>& sums) {
    const auto values = to_host(sums);
    return std::accumulate(values.begin(), values.end(), 0.0);
  }

  /// All three accuracies on one map, within the bounds we promise: by a grid alone, and if it is
  /// thin by one as coarse as the optimizer's with a near field.
  void expect_accurate(const std::string& name, const std::vector<Point>& points,
                       double dense_normalizer) {
    expect_accurate(name, points, dense_normalizer, false);
    const Point extent = extent_of(points);
    const bool thin = static_cast<float>(points.size()) < 2.f * extent.x * extent.y;
    if (thin) expect_accurate(name, points, dense_normalizer, true);
  }
  void expect_accurate(std::string name, const std::vector<Point>& points, double dense_normalizer,
                       bool near) {
    struct Accuracy {
      const char* name;
      float spacing;
      double bound;
    };
    if (near) name += "_near";
    for (const auto& [accuracy, spacing, bound] :
         {Accuracy{"fast", 0.5f, 4.5e-2}, Accuracy{"default", 1.f / 3.f, 1.1e-2},
          Accuracy{"high", 0.25f, 4e-3}}) {
      const auto result = near ? near_and_far(points, 2.5f * spacing) : on_grid(points, spacing);
      const double error = force_error(result.forces, points);
      const double normalizer_error =
          std::abs(result.normalizer - dense_normalizer) / dense_normalizer;
      RecordProperty(name + "_" + accuracy + "_force", std::to_string(error));
      RecordProperty(name + "_" + accuracy + "_normalizer", std::to_string(normalizer_error));
      std::printf("%-24s %-8s force %.1e  normalizer %.1e\n", name.c_str(), accuracy, error,
                  normalizer_error);
      EXPECT_LE(error, bound) << name << ", " << accuracy;
      EXPECT_LE(normalizer_error, 2e-3) << name << ", " << accuracy;
    }
  }
};

// ---- exact sums --------------------------------------------------------------------------------

class ExactRepulsion : public RepulsionTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, ExactRepulsion, every_way(), way_name);

TEST_P(ExactRepulsion, AnyNumberOfPoints) {
  for (const std::size_t count :
       {2U, 3U, 15U, 16U, 17U, 127U, 128U, 129U, 255U, 256U, 257U, 1000U, 2048U, 2049U}) {
    SCOPED_TRACE(count);
    const auto points = in_points(test::blob_map(count, 20.0));
    const auto result = exact(points);
    const auto places = test::in_double_points(points);
    const double normalizer = test::dense_normalizer(places);
    ASSERT_NEAR(result.normalizer, normalizer, 2e-6 * normalizer);
    double size = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto force = test::dense_force(places, i);
      size = std::max(size, std::hypot(force.x, force.y));
      ASSERT_NEAR(result.forces[i].x, force.x, 2e-6 * (size + std::sqrt(double(count)))) << i;
      ASSERT_NEAR(result.forces[i].y, force.y, 2e-6 * (size + std::sqrt(double(count)))) << i;
    }
    const auto alone = exact(points, false);
    ASSERT_EQ(alone.normalizer, result.normalizer);
    ASSERT_EQ(std::fmod(alone.forces[0].x, 7.f), 0.f) << "forces written though not wanted";
    ASSERT_GE(alone.forces[0].x, 7.f);
  }
}

// Points in units of sqrt(dof), as the optimizer has them: forces are sqrt(dof) times as
// strong.
TEST_P(ExactRepulsion, AnyTail) {
  for (const double dof : {0.1, 0.5, 2.0, 100.0, 1000.0}) {
    for (const double span : {1e-3, 8.0, 60.0}) {
      SCOPED_TRACE(std::to_string(dof) + ", span " + std::to_string(span));
      const auto [points, places] = in_units_of(dof, test::blob_map(300, span));
      const auto result = exact(points, true, {static_cast<float>(dof)});
      const double normalizer = test::dense_normalizer(places, dof);
      const double bound = 2e-6 + 1e-7 * dof;  // a power multiplies its base's rounding
      EXPECT_NEAR(result.normalizer, normalizer, bound * normalizer);
      EXPECT_LE(tail_error(result.forces, places, dof), bound);
    }
  }
}

TEST_P(ExactRepulsion, FewPointsFarApart) {
  for (const double span : {1e2, 1e3, 1e4, 1e5}) {
    SCOPED_TRACE(span);
    const auto points = in_points(test::blob_map(20, span));
    const double normalizer = test::dense_normalizer(test::in_double_points(points));
    EXPECT_NEAR(exact(points).normalizer, normalizer, 1e-4 * normalizer);
    EXPECT_LE(force_error(exact(points).forces, points), 1e-5);
  }
}

TEST_P(ExactRepulsion, PointsInOnePlace) {
  const auto result = exact(std::vector<Point>(300, Point{3.f, -2.f}));
  EXPECT_EQ(result.normalizer, 300.0 * 299.0);
  for (const Point& force : result.forces) {
    EXPECT_EQ(force.x, 0.f);
    EXPECT_EQ(force.y, 0.f);
  }
}

// ---- spreading ---------------------------------------------------------------------------------

class Spread : public RepulsionTest {
 protected:
  static GridShape shape(std::uint32_t nodes, float spacing, std::uint32_t levels = 1) {
    return {.nodes_x = nodes,
            .nodes_y = nodes + 3,
            .pitch = nodes + 5,
            .levels = levels,
            .coarsest_spacing = spacing};
  }

  struct Node {
    double x;
    double y;
    double charge;
  };
  struct Result {
    std::vector<Node> nodes;
    std::vector<std::uint64_t> numbers;  ///< of all copies together, where nodes lie or not
    Geometry geometry;
  };
  template <class Charge = std::uint32_t>
  Result spread(const std::vector<Point>& points, GridShape shape, std::uint64_t iterations = 0) {
    auto device_points = to_device(points);
    const std::size_t copies = count_in_way([&] { return kernels::charge_copies(); });
    const std::size_t size = std::size_t{shape.nodes_x} * shape.pitch;
    auto charges = to_device(std::vector<Charge>(copies * size + 1));
    auto geometry = to_device(std::vector<Geometry>(1));
    device::Buffer<Box> boxes(box_count(points.size()));
    // An even number of iterations ends in at[0].
    const kernels::Points both{{iterations % 2 == 0 ? device_points.data() : nullptr,
                                iterations % 2 == 0 ? nullptr : device_points.data()}};
    run([&] {
      kernels::measure_points(stream(), device_points.span(), iterations, boxes.span());
      kernels::spread_charges(stream(), both, points.size(), shape, boxes.span(), geometry.data(),
                              charges.span().first(copies * size));
    });
    const auto all = to_host(charges);
    EXPECT_EQ(all.back(), 0U) << "written beyond the end";
    Result result{{}, std::vector<std::uint64_t>(size), to_host(geometry)[0]};
    for (std::size_t i = 0; i < copies * size; ++i) result.numbers[i % size] += all[i];
    const double unit =
        1.0 / double{kernels::charge_scale(sizeof(Charge) == 4 ? points.size()
                                                               : kernels::kMostPointsIn32Bits + 1)};
    const Geometry& g = result.geometry;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t y = i % shape.pitch;
      if (y >= shape.nodes_y) {
        EXPECT_EQ(result.numbers[i], 0U) << "between the rows, " << i;
        continue;
      }
      result.nodes.push_back(
          {double{g.origin_x} + double{g.spacing} * static_cast<double>(i / shape.pitch),
           double{g.origin_y} + double{g.spacing} * static_cast<double>(y),
           static_cast<double>(result.numbers[i]) * unit});
    }
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Spread, every_way(), way_name);

TEST_P(Spread, ConservesChargeAndItsMiddle) {
  for (const std::size_t count : {2U, 100U, 700U}) {
    const auto points = in_points(test::blob_map(count, 10.0));
    const auto [nodes, numbers, geometry] = spread(points, shape(30, 0.5f));
    double sum = 0.0, sum_x = 0.0, sum_y = 0.0, mean_x = 0.0, mean_y = 0.0;
    for (const Node& node : nodes) {
      sum += node.charge;
      sum_x += node.charge * node.x;
      sum_y += node.charge * node.y;
    }
    for (const Point& point : points) {
      mean_x += static_cast<double>(point.x) / static_cast<double>(count);
      mean_y += static_cast<double>(point.y) / static_cast<double>(count);
    }
    EXPECT_NEAR(sum, static_cast<double>(count), 1e-5 * static_cast<double>(count));
    EXPECT_NEAR(sum_x / sum, mean_x, 1e-5);
    EXPECT_NEAR(sum_y / sum, mean_y, 1e-5);
    EXPECT_NEAR(geometry.mean_x, mean_x, 1e-5);
    EXPECT_NEAR(geometry.mean_y, mean_y, 1e-5);
    EXPECT_EQ(geometry.extent_x, extent_of(points).x);
    EXPECT_EQ(geometry.extent_y, extent_of(points).y);
  }
}

TEST_P(Spread, APointsChargeIsTheSplineAboutIt) {
  const auto spline = [](double distance) {
    const double d = std::abs(distance);
    if (d >= 2.0) return 0.0;
    return d < 1.0 ? 2.0 / 3.0 - d * d + 0.5 * d * d * d : std::pow(2.0 - d, 3) / 6.0;
  };
  const auto check = [&](const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      const double expected =
          spline(node.x / 0.5) * spline(node.y / 0.5) +
          spline((node.x - double{2.3f}) / 0.5) * spline((node.y - double{0.7f}) / 0.5);
      ASSERT_NEAR(node.charge, expected, 1e-6) << node.x << ", " << node.y;
    }
  };
  check(spread({{0.f, 0.f}, {2.3f, 0.7f}}, shape(20, 0.5f)).nodes);
}

TEST_P(Spread, OrderDoesNotMatter) {
  auto points = in_points(test::blob_map(900, 10.0));
  const auto once = spread(points, shape(30, 0.5f));
  std::shuffle(points.begin(), points.end(), std::mt19937(2));
  const auto again = spread(points, shape(30, 0.5f));
  EXPECT_EQ(once.geometry.origin_x, again.geometry.origin_x);
  EXPECT_EQ(once.numbers, again.numbers);
}

TEST_P(Spread, TakesTheFinestLevelThatHoldsTheMap) {
  const GridShape levels = shape(25, 1.f, 4);  // 20 cells
  for (const auto& [span, level, overflow] : {std::tuple{20.0, 0U, 0U},
                                              {20.01, 0U, 1U},
                                              {10.01, 0U, 0U},
                                              {10.0, 1U, 0U},
                                              {5.0, 2U, 0U},
                                              {2.51, 2U, 0U},
                                              {2.5, 3U, 0U},
                                              {1e-3, 3U, 0U},
                                              {1e10, 0U, 1U}}) {
    SCOPED_TRACE(span);
    const auto half = static_cast<float>(0.5 * span);
    const auto result = spread({{-half, 0.f}, {half, 0.1f * half}}, levels);
    EXPECT_EQ(result.geometry.level, level);
    EXPECT_EQ(result.geometry.spacing, 1.f / static_cast<float>(1U << level));
    EXPECT_EQ(result.geometry.overflow, overflow);
    EXPECT_EQ(result.geometry.iteration, 1U);
  }
}

// At the edges of the box: both ends must lie where they are, to the last cell.
TEST_P(Spread, TheWholeOfTheUsableCellsIsUsable) {
  for (const float shift : {0.f, 0.3f, -7.1f, 100.7f}) {
    for (const std::uint32_t nodes : {12U, 25U, 27U}) {
      SCOPED_TRACE(std::to_string(nodes) + " shifted by " + std::to_string(shift));
      const auto reach = static_cast<float>(kernels::usable_cells(nodes));
      const float spacing = 1.f / 3.f;
      std::vector<Point> points = {{shift, shift},
                                   {shift + reach * spacing, shift + reach * spacing}};
      points[1].x = std::nextafter(points[1].x, shift);
      points[1].y = std::nextafter(points[1].y, shift);
      const auto result = spread(points, shape(nodes, spacing));
      ASSERT_EQ(result.geometry.overflow, 0U);
      double sum_x = 0.0, sum_xx = 0.0, sum = 0.0;
      for (const Node& node : result.nodes) {
        const double x = (node.x - double{shift}) / double{spacing};
        sum += node.charge;
        sum_x += node.charge * x;
        sum_xx += node.charge * x * x;
      }
      EXPECT_NEAR(sum, 2.0, 1e-5);
      EXPECT_NEAR(sum_x, double{reach}, 1e-3);
      EXPECT_NEAR(sum_xx, double{reach} * double{reach} + 2.0 / 3.0, 5e-3 * double{reach});
    }
  }
}

// Too far apart, or nowhere: nothing is spread, and the iteration does not count.
TEST_P(Spread, WhatDoesNotFitIsLeftAlone) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Point& stray : {Point{1e30f, 0.f}, {0.f, -3e38f}, {100.f, 0.f}, {kInfinity, 0.f}}) {
    const auto result = spread({{0.f, 1.f}, {1.f, 0.f}, stray}, shape(25, 1.f));
    EXPECT_EQ(result.geometry.overflow, 1U);
    for (const std::uint64_t number : result.numbers) ASSERT_EQ(number, 0U);
  }
  // A point that is nowhere has no bounds; its sum shows it.
  const auto nowhere = spread({{kNan, kNan}, {0.f, 0.f}}, shape(25, 1.f));
  EXPECT_TRUE(std::isnan(nowhere.geometry.mean_x));
}

TEST_P(Spread, IterationsTakeTurns) {
  const std::vector<Point> points = {{0.f, 0.f}, {2.3f, 0.7f}};
  const auto even = spread(points, shape(25, 1.f), 40);
  const auto odd = spread(points, shape(25, 1.f), 41);
  EXPECT_EQ(even.geometry.iteration, 41U);
  EXPECT_EQ(odd.geometry.iteration, 42U);
  EXPECT_EQ(even.numbers, odd.numbers);
}

TEST(ChargeScale, AllPointsInOneNodeFit) {
  for (const std::size_t points : {2U, 3U, 1000U, 10000U, 65536U, 131072U}) {
    // A node next to all points gets 4 / 9 of each charge, and what rounding adds.
    const double most =
        (double{kernels::charge_scale(points)} * 4.0 / 9.0 + 0.5) * static_cast<double>(points);
    EXPECT_LT(most, 0x1p31) << points;
    EXPECT_GE(most, 0x1p29) << points;
  }
}

// ---- the grid ----------------------------------------------------------------------------------

auto fastest_way() {
  return testing::Values(kOnCuda ? Way::stream : Way::plain);
}

class Grid : public RepulsionTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, Grid, ways_that_wait(), way_name);

TEST_P(Grid, OfSmallMapsIsAccurateOnEveryLevel) {
  for (const double span : {1e-6, 1e-3, 0.1, 1.0, 9.0}) {
    const auto points = in_points(test::blob_map(500, span));
    const auto result = on_grid(points, {64, 64}, 24, 0.5f, Interaction::minus_one);
    const double normalizer = test::dense_normalizer(test::in_double_points(points));
    SCOPED_TRACE(span);
    EXPECT_LE(force_error(result.forces, points), span < 5.0 ? 2e-3 : 4.5e-2);
    EXPECT_NEAR(result.normalizer, normalizer, 2e-3 * normalizer);
  }
}

TEST_P(Grid, BothInteractionsAgree) {
  const auto points = in_points(test::blob_map(500, 12.0));
  const auto plain = on_grid(points, {128, 128}, 1, 0.25f, Interaction::plain);
  const auto minus_one = on_grid(points, {128, 128}, 1, 0.25f, Interaction::minus_one);
  const double normalizer = test::dense_normalizer(test::in_double_points(points));
  EXPECT_LE(force_error(plain.forces, points), 4e-3);
  EXPECT_LE(force_error(minus_one.forces, points), 4e-3);
  EXPECT_NEAR(plain.normalizer, normalizer, 2e-3 * normalizer);
  EXPECT_NEAR(minus_one.normalizer, normalizer, 2e-3 * normalizer);
}

TEST_P(Grid, MayBeLongerThanHigh) {
  const auto points = in_points(test::blob_map(300, 14.0));  // three times as wide as high
  for (const GridSides sides : {GridSides{80, 64}, {128, 64}, {96, 144}, {450, 64}}) {
    EXPECT_LE(force_error(on_grid(points, sides, 1, 0.5f, Interaction::plain).forces, points),
              4.5e-2)
        << sides.x << " x " << sides.y;
  }
}

TEST_P(Grid, ServesAgainWithOtherSides) {
  const auto points = in_points(test::blob_map(200, 8.0));
  const float spacing = 0.5f;
  const auto normalizer = [&](RepulsionGrid& grid, const kernels::Points& both,
                              device::Buffer<Box>& boxes) {
    device::Buffer<Geometry> geometry(1);
    grid.compute(stream(), both, boxes.span(), geometry.data());
    const auto repulsion = grid.repulsion();
    std::vector<double> sums(repulsion.normalizer_count);
    device::copy_to_host<double>(stream(), {repulsion.normalizers, sums.size()}, sums);
    return std::accumulate(sums.begin(), sums.end(), repulsion.normalizer_offset);
  };
  auto device_points = to_device(points);
  const kernels::Points both{{device_points.data(), nullptr}};
  run([&] {
    device::Buffer<Box> boxes(kernels::move_box_count(points.size()));
    kernels::measure_points(stream(), device_points.span(), 0, boxes.span());
    RepulsionGrid grid(double{spacing}, points.size());
    std::vector<double> results;
    for (const GridSides sides : {GridSides{64, 64}, {96, 80}, {64, 64}}) {
      grid.resize(stream(), sides, 1, Interaction::plain);
      results.push_back(normalizer(grid, both, boxes));
    }
    EXPECT_EQ(results[0], results[2]) << "something was left over";
    EXPECT_NEAR(results[0], results[1], 1e-3 * results[0]);
  });
}

// Without it a lone point would be pushed about by itself.
TEST_P(Grid, APointDoesNotRepelItself) {
  for (const float x : {0.f, 0.04f, 0.11f, 0.17f, 0.29f}) {
    // The other is so far away that it does nothing, and moves the first about within its cell.
    const std::vector<Point> points = {{0.f, 0.f}, {21.f + x, 20.f + 0.7f * x}};
    const auto forces = on_grid(points, 1.f / 3.f).forces;
    const auto expected = test::dense_force(test::in_double_points(points), 0);
    EXPECT_NEAR(forces[0].x, expected.x, 3e-3) << x;
    EXPECT_NEAR(forces[0].y, expected.y, 3e-3) << x;
  }
}

/// Bits that a way must share with its twin.
TEST_P(Grid, HasTheSameBitsInEveryOrder) {
  const auto points = in_points(test::blob_map(300, 9.0));
  auto device_points = to_device(points);
  const auto compute = [&](std::vector<double>& sums, std::vector<float>& potential) {
    RepulsionGrid grid(0.5, points.size());
    grid.resize(stream(), {64, 80}, 3, Interaction::plain);
    device::Buffer<Box> boxes(kernels::move_box_count(points.size()));
    auto geometry = to_device(std::vector<Geometry>(1));
    kernels::measure_points(stream(), device_points.span(), 0, boxes.span());
    grid.compute(stream(), {{device_points.data(), nullptr}}, boxes.span(), geometry.data());
    const auto repulsion = grid.repulsion();
    sums.resize(repulsion.normalizer_count);
    device::copy_to_host<double>(stream(), {repulsion.normalizers, sums.size()}, sums);
    potential.resize(grid.layout().node_values());
    device::copy_to_host<float>(stream(), {repulsion.potential, potential.size()}, potential);
  };
  std::vector<double> sums, twin_sums;
  std::vector<float> potential, twin_potential;
  run([&] { compute(sums, potential); });
  run_as(twin(), [&] { compute(twin_sums, twin_potential); });
  EXPECT_EQ(sums, twin_sums);
  EXPECT_EQ(potential, twin_potential);
}

class Accuracy : public RepulsionTest {};
INSTANTIATE_TEST_SUITE_P(FastestWay, Accuracy, fastest_way(), way_name);

TEST_P(Accuracy, OfEarlyMaps) {
  for (const double span : {1e-3, 0.1}) {
    const auto points = in_points(test::blob_map(2000, span));
    expect_accurate("early_" + std::to_string(span), points,
                    test::dense_normalizer(test::in_double_points(points)));
  }
}

TEST_P(Accuracy, OfMiddleMaps) {
  // The smallest grid's levels end at 6.75, 9 and 13.5.
  for (const double span : {5.0, 6.7, 6.8, 8.9, 9.1, 13.4, 13.6, 20.0, 33.6}) {
    const auto points = in_points(test::blob_map(2000, span));
    expect_accurate("middle_" + std::to_string(span), points,
                    test::dense_normalizer(test::in_double_points(points)));
  }
}

TEST_P(Accuracy, OfLateMaps) {
  for (const auto& [span, per_disc] : {std::pair{90.0, 800.0}, {160.0, 2000.0}, {300.0, 400.0}}) {
    const auto points = in_points(test::disc_map(span, per_disc));
    ASSERT_NEAR(span_of(points), span, 1.0);
    expect_accurate("late_" + std::to_string(span), points,
                    test::dense_normalizer(test::in_double_points(points)));
  }
}

// Maps of one dimension: on a line of the plane, along it, the bounds of the plane hold for forces.
TEST_P(Accuracy, OnALine) {
  for (const auto& [name, map] : {std::pair{"early", test::blob_map(2000, 1e-3)},
                                  {"middle", test::blob_map(2000, 20.0)},
                                  {"late", test::disc_map(300.0, 400.0)},
                                  {"long", test::disc_map(1300.0, 400.0)}}) {
    auto points = in_points(map);
    for (Point& point : points) point.y = 0.f;
    const auto places = test::in_double_points(points);
    const double normalizer = test::dense_normalizer(places);
    for (const auto& [spacing, bound, of_normalizer] :
         {std::tuple{1.f / 3.f, 1.1e-2, 2e-3}, {0.5f, 4.5e-2, 8e-3}}) {
      auto result = on_grid(points, spacing);
      for (Point& force : result.forces) force.y = 0.f;
      const double error = force_error(result.forces, points);
      std::printf("line %-7s %.2f  force %.1e  normalizer %.1e\n", name, double{spacing}, error,
                  std::abs(result.normalizer - normalizer) / normalizer);
      EXPECT_LE(error, bound) << name << ", " << spacing;
      EXPECT_NEAR(result.normalizer, normalizer, of_normalizer * normalizer)
          << name << ", " << spacing;
    }
  }
}

// The bounds of plain maps hold for heavier tails; lighter ones are narrower in all but name.
TEST_P(Accuracy, OfAnyTail) {
  for (const double dof : {0.1, 0.3, 0.5, 2.0, 10.0, 100.0, 1000.0}) {
    for (const auto& [name, map] : {std::pair{"early", test::blob_map(2000, 1e-3)},
                                    {"middle", test::blob_map(2000, 20.0)},
                                    {"late", test::disc_map(90.0, 400.0)}}) {
      const auto [points, places] = in_units_of(dof, map);
      const double normalizer = test::dense_normalizer(places, dof);
      for (const auto& [spacing, bound] :
           {std::pair{0.5, 4.5e-2}, {1.0 / 3.0, 1.1e-2}, {0.25, 4e-3}}) {
        const auto result = on_grid(points, static_cast<float>(spacing / std::sqrt(dof)),
                                    {static_cast<float>(dof)});
        const double error = tail_error(result.forces, places, dof);
        const double normalizer_error = std::abs(result.normalizer - normalizer) / normalizer;
        std::printf("dof %-5g %-7s %.2f  force %.1e  normalizer %.1e\n", dof, name, spacing, error,
                    normalizer_error);
        EXPECT_LE(error, bound) << dof << ", " << name << ", " << spacing;
        EXPECT_LE(normalizer_error, 2e-3) << dof << ", " << name << ", " << spacing;
      }
    }
  }
}

TEST_P(Accuracy, OfRealMaps) {
  const char* folder = std::getenv("HOURGLASS_CODES");
  if (folder == nullptr) GTEST_SKIP() << "HOURGLASS_CODES does not name the folder of map_*.npy";
  std::size_t maps = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("map_") || entry.path().extension() != ".npy") continue;
    const Array<float> map = load_npy(entry.path());
    std::vector<Point> points(map.rows());
    for (std::size_t i = 0; i < points.size(); ++i) points[i] = {map.row(i)[0], map.row(i)[1]};
    expect_accurate(entry.path().stem().string(), points,
                    test::dense_normalizer(test::in_double_points(points)));
    ++maps;
  }
  EXPECT_GT(maps, 0U);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
