// New points in a frozen map: what repels them, and where they come to lie, against double.
#include "manifold/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "kernels/tsne/place.hpp"
#include "manifold/dense_reference.hpp"
#include "manifold/frozen_field.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Point;

Array<float> in_array(const std::vector<test::Place>& places) {
  Array<float> map({places.size(), 2});
  for (std::size_t i = 0; i < places.size(); ++i) {
    map.row(i)[0] = static_cast<float>(places[i].x);
    map.row(i)[1] = static_cast<float>(places[i].y);
  }
  return map;
}

struct DenseField {
  double potential = 0.0;
  test::DoublePoint force;
};

DenseField dense_field(const std::vector<test::DoublePoint>& map, const test::DoublePoint& here) {
  DenseField field;
  for (const test::DoublePoint& other : map) {
    const double near = test::nearness(here, other);
    field.potential += near;
    field.force.x += near * near * (here.x - other.x);
    field.force.y += near * near * (here.y - other.y);
  }
  return field;
}

// ---- the steps ---------------------------------------------------------------------------------

/// PlacementSchedule's steps in double precision, of one point.
test::DoublePoint dense_place(const std::vector<test::DoublePoint>& map,
                              const std::vector<test::DoublePoint>& near,
                              const std::vector<double>& p, test::DoublePoint here,
                              const PlacementSchedule& schedule) {
  test::DoublePoint velocity;
  test::DoublePoint gain{1.0, 1.0};
  for (std::uint32_t t = 0; t < schedule.iterations; ++t) {
    const DenseField field = dense_field(map, here);
    test::DoublePoint gradient{-field.force.x / field.potential, -field.force.y / field.potential};
    for (std::size_t j = 0; j < near.size(); ++j) {
      const double pull = schedule.exaggeration * p[j] * test::nearness(here, near[j]);
      gradient.x += pull * (here.x - near[j].x);
      gradient.y += pull * (here.y - near[j].y);
    }
    const double length = std::hypot(gradient.x, gradient.y);
    if (length > schedule.longest_gradient) {
      gradient.x *= schedule.longest_gradient / length;
      gradient.y *= schedule.longest_gradient / length;
    }
    const auto step = [&](double slope, double& speed, double& own) {
      own = std::max(0.01, slope * speed < 0.0 ? own + 0.2 : own * 0.8);
      speed = schedule.momentum * speed - schedule.learning_rate * own * slope;
      return speed;
    };
    here.x += step(gradient.x, velocity.x, gain.x);
    here.y += step(gradient.y, velocity.y, gain.y);
  }
  return here;
}

/// Some points with k neighbours of the map each, at distances that increase.
Placement some_placement(const Array<float>& map, std::size_t count, std::size_t k,
                         double perplexity) {
  Placement placement{.map = &map,
                      .squared_distances = Array<float>({count, k}),
                      .near_x = Array<float>({count, k}),
                      .near_y = Array<float>({count, k}),
                      .start = Array<float>({count, 2}),
                      .perplexity = perplexity,
                      .schedule = {}};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      const auto near = map.row((i * 31 + j * 3) % map.rows());
      placement.squared_distances.row(i)[j] = static_cast<float>(5 + j + i % 3 * j);
      placement.near_x.row(i)[j] = near[0];
      if (near.size() == 2) placement.near_y.row(i)[j] = near[1];
    }
    placement.start.row(i)[0] = placement.near_x.row(i)[0];
    if (map.row_size() == 2) placement.start.row(i)[1] = placement.near_y.row(i)[0] + 0.1f;
  }
  return placement;
}

/// Every so many of the map's points, each a little aside.
std::vector<Point> beside(const Array<float>& map, std::size_t every, float aside) {
  std::vector<Point> places;
  test::Normal normal(9);
  for (std::size_t i = 0; i < map.rows(); i += every) {
    const float x = map.row(i)[0] + aside * static_cast<float>(normal());
    if (map.row_size() == 1) {
      places.push_back({x, 0.f});
    } else {
      places.push_back({x, map.row(i)[1] + aside * static_cast<float>(normal())});
    }
  }
  return places;
}

class PlacementTest : public KernelTest {
 protected:
  /// Of some points with k neighbours each.
  void expect_steps_of_double(const Array<float>& map, std::size_t k, std::uint32_t iterations,
                              double bound) {
    const auto points = test::in_double_points(map);
    const double perplexity = std::max(1.0, static_cast<double>(k) / 3.0);
    Placement placement = some_placement(map, 9, k, perplexity);
    placement.schedule.iterations = iterations;
    Array<float> placed;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { placed = place_points(0, placement, {}); });
    ASSERT_EQ(placed.shape, (Shape{9, map.row_size()}));
    for (std::size_t i = 0; i < placed.rows(); ++i) {
      std::vector<double> squared;
      std::vector<test::DoublePoint> near;
      for (std::size_t j = 0; j < k; ++j) {
        squared.push_back(double{placement.squared_distances.row(i)[j]});
        near.push_back({placement.near_x.row(i)[j], placement.near_y.row(i)[j]});
      }
      const auto expected =
          dense_place(points, near, test::dense_conditional(squared, perplexity),
                      {placement.start.row(i)[0], placement.start.row(i)[1]}, placement.schedule);
      ASSERT_NEAR(placed.row(i)[0], expected.x, bound) << iterations << " iterations, " << i;
      if (map.row_size() == 1) continue;
      ASSERT_NEAR(placed.row(i)[1], expected.y, bound) << iterations << " iterations, " << i;
    }
  }

  struct Errors {
    double potential = 0.0;  ///< the largest, relative
    double force = 0.0;      ///< relative, 2-norm, of force over potential
    bool on_grid = false;
  };

  /// At some places, those of `places`.
  Errors errors(const Array<float>& map, const std::vector<Point>& places) {
    Errors result;
    auto potentials = output(places.size());
    auto forces = to_device(std::vector<Point>(places.size(), Point{7.f, 7.f}));
    const auto at = to_device(places);
    const FrozenField field = frozen(map);
    result.on_grid = field.view().potential != nullptr;
    run([&] {
      kernels::measure_field(stream(), field.view(), at.span(), potentials.data(), forces.data());
    });
    const auto found = written(potentials);
    const auto found_forces = to_host(forces);
    const auto points = test::in_double_points(map);
    double error = 0.0;
    double whole = 0.0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto expected = dense_field(points, {places[i].x, places[i].y});
      result.potential = std::max(
          result.potential, std::abs(double{found[i]} - expected.potential) / expected.potential);
      const double x = expected.force.x / expected.potential;
      const double y = expected.force.y / expected.potential;
      error += std::pow(double{found_forces[i].x} / double{found[i]} - x, 2) +
               std::pow(double{found_forces[i].y} / double{found[i]} - y, 2);
      whole += x * x + y * y;
    }
    result.force = std::sqrt(error / whole);
    return result;
  }

  /// Beside the map's points, near and farther.
  void expect_the_field_of(const Array<float>& map, double span) {
    for (const float aside : {0.1f, 1.f}) {
      const Errors error = errors(map, beside(map, 7, aside));
      std::printf("span %.0f, %.1f aside: potential %.1e, force %.1e\n", span, double{aside},
                  error.potential, error.force);
      EXPECT_TRUE(error.on_grid);
      EXPECT_LE(error.potential, 5e-4) << span;
      EXPECT_LE(error.force, 2e-3) << span;
    }
  }

  /// Made as this way launches, but not recorded: it allocates.
  FrozenField frozen(const Array<float>& map) {
    std::optional<FrozenField> field;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { field.emplace(stream(), map); });
    return std::move(*field);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, PlacementTest, every_way(), way_name);

TEST_P(PlacementTest, TheGridsFieldIsTheMaps) {
  for (const double span : {15.0, 60.0, 150.0}) {
    const Array<float> map = in_array(test::disc_map(span, span > 100.0 ? 300.0 : 100.0));
    expect_the_field_of(map, span);
  }
}

/// The same places less their y.
Array<float> on_a_line(const Array<float>& map) {
  Array<float> line({map.rows(), 1});
  for (std::size_t i = 0; i < map.rows(); ++i) line.row(i)[0] = map.row(i)[0];
  return line;
}

TEST_P(PlacementTest, OnALineTooTheGridsFieldIsTheMaps) {
  for (const double span : {60.0, 200.0, 400.0}) {
    const Array<float> map = on_a_line(in_array(test::disc_map(span, 100.0)));
    expect_the_field_of(map, span);
  }
}

TEST_P(PlacementTest, BeyondTheGridTheFieldIsSummed) {
  const Array<float> map = in_array(test::disc_map(60.0, 100.0));
  const Errors error = errors(map, {{200.f, 0.f}, {0.f, -90.f}, {1e4f, 1e4f}, {-50.f, 31.f}});
  EXPECT_TRUE(error.on_grid);
  EXPECT_LE(error.potential, 1e-5);
  EXPECT_LE(error.force, 1e-5);
}

TEST_P(PlacementTest, MapsWithoutAGridAreSummed) {
  const auto scaled_by = [](double scale, std::size_t count) {
    auto places = test::blob_map(count, 20.0);
    for (test::Place& place : places) place = {scale * place.x, scale * place.y};
    return in_array(places);
  };
  for (const auto& map : {scaled_by(1.0, 2), scaled_by(1.0, 17), scaled_by(3.0, 500),
                          scaled_by(1e-4, 1200), scaled_by(1e3, 600)}) {
    SCOPED_TRACE(map.rows());
    const Errors error = errors(map, beside(map, 5, 0.5f));
    EXPECT_FALSE(error.on_grid);
    EXPECT_LE(error.potential, 1e-5);
    EXPECT_LE(error.force, 1e-4);
  }
}

// ---- where points come to lie ------------------------------------------------------------------

TEST_P(PlacementTest, StepsAreThoseInDouble) {
  const Array<float> map = in_array(test::disc_map(40.0, 40.0));
  for (const std::size_t k : {1U, 3U, 15U, 16U, 17U, 90U}) {
    SCOPED_TRACE(k);
    for (const std::uint32_t iterations : {0U, 1U, 20U, 250U}) {
      expect_steps_of_double(map, k, iterations, 2e-3);
    }
  }
}

TEST_P(PlacementTest, StepsOnALineAreThoseInDouble) {
  const Array<float> map = on_a_line(in_array(test::disc_map(40.0, 40.0)));
  for (const std::uint32_t iterations : {0U, 1U, 20U, 250U}) {
    expect_steps_of_double(map, 15, iterations, 2e-3);
  }
}

TEST_P(PlacementTest, APointAloneIsWhereItIsInCompany) {
  const Array<float> map = in_array(test::disc_map(40.0, 100.0));  // on a grid
  const Placement all = some_placement(map, 40, 15, 5.0);
  const auto place = [&](const Placement& placement) {
    Array<float> placed;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { placed = place_points(0, placement, {}); });
    return placed;
  };
  const Array<float> together = place(all);
  for (const std::size_t i : {0U, 17U, 39U}) {
    Placement one = some_placement(map, 1, 15, 5.0);
    for (const auto& [from, to] :
         {std::pair{&all.squared_distances, &one.squared_distances},
          std::pair{&all.near_x, &one.near_x}, std::pair{&all.near_y, &one.near_y},
          std::pair{&all.start, &one.start}}) {
      std::ranges::copy(from->row(i), to->values.begin());
    }
    const Array<float> alone = place(one);
    EXPECT_TRUE(std::ranges::equal(alone.row(0), together.row(i))) << i;
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
