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

#include "kernels/tsne/move.hpp"
#include "kernels/tsne/spread.hpp"
#include "manifold/dense_reference.hpp"
#include "manifold/repulsion_grid.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::FixedCharge;
using kernels::Geometry;
using kernels::GridShape;
using kernels::Interaction;
using kernels::Point;

constexpr std::uint32_t kSmallSide = 144;
constexpr std::uint32_t kSmallLevels = 21;

std::vector<Point> in_points(const std::vector<test::Place>& places) {
  std::vector<Point> points(places.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {static_cast<float>(places[i].x), static_cast<float>(places[i].y)};
  }
  return points;
}

float span_of(const std::vector<Point>& points) {
  float low_x = points[0].x, high_x = low_x, low_y = points[0].y, high_y = low_y;
  for (const Point& p : points) {
    low_x = std::min(low_x, p.x);
    high_x = std::max(high_x, p.x);
    low_y = std::min(low_y, p.y);
    high_y = std::max(high_y, p.y);
  }
  return std::max(high_x - low_x, high_y - low_y);
}

struct Repelled {
  std::vector<Point> forces;
  double normalizer = 0.0;
};

class RepulsionTest : public KernelTest {
 protected:
  Repelled exact(const std::vector<Point>& points, bool forces_wanted = true) {
    const auto device_points = to_device(points);
    auto forces = to_device(std::vector<Point>(points.size(), Point{7.f, 7.f}));
    auto sums = poisoned<double>(partial_count(points.size()));
    run([&] {
      kernels::exact_repulsion(stream(), device_points.span(),
                               forces_wanted ? forces.data() : nullptr, sums.span());
    });
    return {to_host(forces), total(sums)};
  }

  Repelled on_grid(const std::vector<Point>& points, GridShape shape, Interaction interaction) {
    const std::size_t n = points.size();
    const auto device_points = to_device(points);
    Repelled result;
    const auto offsets = to_device(std::vector<std::uint32_t>(n + 1));
    auto moved = to_device(points);
    auto velocity = to_device(std::vector<Point>(n, Point{0.f, 0.f}));
    auto gain = to_device(std::vector<Point>(n, Point{1.f, 1.f}));
    auto geometry = to_device(std::vector<Geometry>(1));
    const auto one = to_device(std::vector<double>{1.0});
    // Without affinities and velocity, with Z = 1, a step is 4 x 0.8 x rate x force.
    constexpr float kRate = 0x1p-30f;
    run([&] {
      RepulsionGrid grid(context(), shape, interaction, n);
      device::Buffer<Box> boxes(kernels::move_box_count(n));
      kernels::measure_points(stream(), device_points.span(), boxes.span());
      grid.compute(context(), device_points.span(), boxes.span(), geometry.data());
      auto repulsion = grid.repulsion();
      repulsion.normalizers = one.data();
      repulsion.normalizer_count = 1;
      repulsion.normalizer_offset = 0.0;
      TsneSchedule schedule;
      schedule.learning_rate = kRate;
      kernels::move_points(stream(), device_points.span(), {offsets.data(), nullptr, nullptr},
                           repulsion, schedule, geometry.data(), {velocity.data(), gain.data()},
                           moved.data(), boxes.span());
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

  /// On the grid that a map of this span gets.
  Repelled on_grid(const std::vector<Point>& points, float spacing) {
    const float cells = span_of(points) / spacing;
    if (cells <= static_cast<float>(kernels::usable_cells(kSmallSide))) {
      return on_grid(points, {kSmallSide, kSmallLevels, spacing}, Interaction::minus_one);
    }
    std::uint32_t side = 160;
    while (static_cast<float>(kernels::usable_cells(side)) < cells) side += 20;
    return on_grid(points, {side, 1, spacing}, Interaction::plain);
  }

  // How many blocks a launch has depends on the way, so this is asked in it, but not recorded.
  std::size_t partial_count(std::size_t points) {
    std::size_t count = 0;
    run_as(kOnCuda ? Way::stream : GetParam(),
           [&] { count = kernels::repulsion_partial_count(points); });
    return count;
  }
  std::size_t box_count(std::size_t points) {
    std::size_t count = 0;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { count = kernels::move_box_count(points); });
    return count;
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

  double total(const device::Buffer<double>& sums) {
    const auto values = to_host(sums);
    return std::accumulate(values.begin(), values.end(), 0.0);
  }

  /// All three accuracies on one map, within the bounds we promise.
  void expect_accurate(const std::string& name, const std::vector<Point>& points,
                       double dense_normalizer) {
    struct Accuracy {
      const char* name;
      float spacing;
      double bound;
    };
    for (const auto& [accuracy, spacing, bound] :
         {Accuracy{"fast", 0.5f, 4.5e-2}, Accuracy{"default", 1.f / 3.f, 1.1e-2},
          Accuracy{"high", 0.25f, 4e-3}}) {
      const auto result = on_grid(points, spacing);
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
    ASSERT_EQ(alone.forces[0].x, 7.f) << "forces written though not wanted";
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
  struct Result {
    std::vector<FixedCharge> charges;
    Geometry geometry;
  };
  Result spread(const std::vector<Point>& points, GridShape shape, const Geometry& before = {}) {
    const auto device_points = to_device(points);
    const std::size_t nodes = shape.side / 2;
    auto charges = to_device(std::vector<FixedCharge>(nodes * nodes + 1));
    auto geometry = to_device(std::vector<Geometry>{before});
    device::Buffer<Box> boxes(box_count(points.size()));
    run([&] {
      kernels::measure_points(stream(), device_points.span(), boxes.span());
      kernels::spread_charges(stream(), device_points.span(), shape, boxes.span(), geometry.data(),
                              charges.data());
    });
    Result result{to_host(charges), to_host(geometry)[0]};
    EXPECT_EQ(result.charges.back(), 0U) << "written beyond the end";
    result.charges.pop_back();
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Spread, every_way(), way_name);

TEST_P(Spread, ConservesChargeAndItsMiddle) {
  for (const std::size_t count : {2U, 100U, 700U}) {
    const auto points = in_points(test::blob_map(count, 10.0));
    const auto [charges, geometry] =
        spread(points, {.side = 60, .levels = 1, .coarsest_spacing = 0.5f});
    double sum = 0.0, sum_x = 0.0, sum_y = 0.0, mean_x = 0.0, mean_y = 0.0;
    for (std::size_t node = 0; node < charges.size(); ++node) {
      const double charge = static_cast<double>(charges[node]) * 0x1p-32;
      sum += charge;
      sum_x +=
          charge * (static_cast<double>(geometry.origin_x) + 0.5 * static_cast<double>(node % 30));
      sum_y +=
          charge * (static_cast<double>(geometry.origin_y) + 0.5 * static_cast<double>(node / 30));
    }
    for (const Point& point : points) {
      mean_x += static_cast<double>(point.x) / static_cast<double>(count);
      mean_y += static_cast<double>(point.y) / static_cast<double>(count);
    }
    EXPECT_NEAR(sum, static_cast<double>(count), 1e-6 * static_cast<double>(count));
    EXPECT_NEAR(sum_x / sum, mean_x, 1e-5);
    EXPECT_NEAR(sum_y / sum, mean_y, 1e-5);
    EXPECT_NEAR(geometry.mean_x, mean_x, 1e-5);
    EXPECT_NEAR(geometry.mean_y, mean_y, 1e-5);
    EXPECT_EQ(geometry.span, span_of(points));
  }
}

TEST_P(Spread, APointsChargeIsTheSplineAboutIt) {
  const auto [charges, geometry] =
      spread({{0.f, 0.f}, {2.3f, 0.7f}}, {.side = 40, .levels = 1, .coarsest_spacing = 0.5f});
  const auto spline = [](double distance) {
    const double d = std::abs(distance);
    if (d >= 2.0) return 0.0;
    return d < 1.0 ? 2.0 / 3.0 - d * d + 0.5 * d * d * d : std::pow(2.0 - d, 3) / 6.0;
  };
  for (std::size_t node = 0; node < charges.size(); ++node) {
    const double x = static_cast<double>(geometry.origin_x) + 0.5 * static_cast<double>(node % 20);
    const double y = static_cast<double>(geometry.origin_y) + 0.5 * static_cast<double>(node / 20);
    const double expected = spline(x / 0.5) * spline(y / 0.5) +
                            spline((x - double{2.3f}) / 0.5) * spline((y - double{0.7f}) / 0.5);
    ASSERT_NEAR(static_cast<double>(charges[node]) * 0x1p-32, expected, 1e-6) << node;
  }
}

TEST_P(Spread, OrderDoesNotMatter) {
  auto points = in_points(test::blob_map(900, 10.0));
  const GridShape shape{.side = 60, .levels = 1, .coarsest_spacing = 0.5f};
  const auto once = spread(points, shape);
  std::shuffle(points.begin(), points.end(), std::mt19937(2));
  const auto again = spread(points, shape);
  EXPECT_EQ(once.geometry.origin_x, again.geometry.origin_x);
  EXPECT_EQ(once.charges, again.charges);
}

TEST_P(Spread, TakesTheFinestLevelThatHoldsTheMap) {
  const GridShape shape{.side = 50, .levels = 4, .coarsest_spacing = 1.f};  // 20 cells
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
    const auto [charges, geometry] = spread({{-half, 0.f}, {half, 0.1f * half}}, shape);
    EXPECT_EQ(geometry.level, level);
    EXPECT_EQ(geometry.spacing, 1.f / static_cast<float>(1U << level));
    EXPECT_EQ(geometry.overflow, overflow);
    EXPECT_EQ(geometry.iteration, 1U);
  }
}

// At the edges of the box: both ends must lie where they are, to the last cell.
TEST_P(Spread, TheWholeOfTheUsableCellsIsUsable) {
  for (const float shift : {0.f, 0.3f, -7.1f, 100.7f}) {
    for (const std::uint32_t side : {24U, 50U, 54U}) {
      SCOPED_TRACE(std::to_string(side) + " shifted by " + std::to_string(shift));
      const auto reach = static_cast<float>(kernels::usable_cells(side));
      const float spacing = 1.f / 3.f;
      std::vector<Point> points = {{shift, shift},
                                   {shift + reach * spacing, shift + reach * spacing}};
      points[1].x = std::nextafter(points[1].x, shift);
      points[1].y = std::nextafter(points[1].y, shift);
      const auto [charges, geometry] = spread(points, {side, 1, spacing});
      ASSERT_EQ(geometry.overflow, 0U);
      double sum_x = 0.0, sum_xx = 0.0, sum = 0.0;
      for (std::size_t node = 0; node < charges.size(); ++node) {
        const double charge = static_cast<double>(charges[node]) * 0x1p-32;
        const double x = static_cast<double>(geometry.origin_x - shift) / double{spacing} +
                         static_cast<double>(node % (side / 2));
        sum += charge;
        sum_x += charge * x;
        sum_xx += charge * x * x;
      }
      EXPECT_NEAR(sum, 2.0, 1e-5);
      EXPECT_NEAR(sum_x, double{reach}, 1e-3);
      EXPECT_NEAR(sum_xx, double{reach} * double{reach} + 2.0 / 3.0, 5e-3 * double{reach});
    }
  }
}

TEST_P(Spread, OverflowStaysAndStrayPointsStayInside) {
  const GridShape shape{.side = 50, .levels = 1, .coarsest_spacing = 1.f};
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const auto [charges, geometry] =
      spread({{-1e30f, 3e38f}, {1e30f, 0.f}, {kNan, 5.f}, {0.f, kNan}, {100.f, -100.f}}, shape);
  EXPECT_EQ(geometry.overflow, 1U);
  double sum = 0.0;
  for (const FixedCharge charge : charges) sum += static_cast<double>(charge) * 0x1p-32;
  EXPECT_NEAR(sum, 5.0, 1e-5);
  Geometry before;
  before.overflow = 1;
  before.iteration = 41;
  const auto later = spread({{0.f, 0.f}, {1.f, 0.f}}, shape, before);
  EXPECT_EQ(later.geometry.overflow, 1U) << "an overflow must last until the host has seen it";
  EXPECT_EQ(later.geometry.iteration, 42U);
}

TEST_P(Spread, UnloadsAndClears) {
  constexpr std::uint32_t kNodes = 300;
  std::vector<FixedCharge> charges(kNodes * kNodes);
  for (std::size_t i = 0; i < charges.size(); ++i) charges[i] = i << 20U;
  auto device_charges = to_device(charges);
  auto plane = poisoned(2 * kNodes * kNodes);
  run([&] { kernels::unload_charges(stream(), 2 * kNodes, device_charges.data(), plane.data()); });
  const auto values = to_host(plane);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = i / (2 * kNodes);
    const std::size_t column = i % (2 * kNodes);
    ASSERT_EQ(values[i],
              column < kNodes ? static_cast<float>(row * kNodes + column) * 0x1p-12f : kPoison);
  }
  EXPECT_EQ(to_host(device_charges), std::vector<FixedCharge>(charges.size()));
}

// ---- the grid ----------------------------------------------------------------------------------

/// In which a grid can be made: it waits, which a recording cannot.
auto ways_that_wait() {
  if constexpr (kOnCuda) {
    return testing::Values(Way::stream);
  } else {
    return testing::Values(Way::plain, Way::forward, Way::reverse, Way::shuffled);
  }
}
auto fastest_way() {
  return testing::Values(kOnCuda ? Way::stream : Way::plain);
}

class Grid : public RepulsionTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, Grid, ways_that_wait(), way_name);

TEST_P(Grid, OfSmallMapsIsAccurateOnEveryLevel) {
  for (const double span : {1e-6, 1e-3, 0.1, 1.0, 9.0}) {
    const auto points = in_points(test::blob_map(500, span));
    const auto result = on_grid(points, {48, 24, 0.5f}, Interaction::minus_one);
    const double normalizer = test::dense_normalizer(test::in_double_points(points));
    SCOPED_TRACE(span);
    EXPECT_LE(force_error(result.forces, points), span < 5.0 ? 2e-3 : 4.5e-2);
    EXPECT_NEAR(result.normalizer, normalizer, 2e-3 * normalizer);
  }
}

TEST_P(Grid, BothInteractionsAgree) {
  const auto points = in_points(test::blob_map(500, 12.0));
  const auto plain = on_grid(points, {120, 1, 0.25f}, Interaction::plain);
  const auto minus_one = on_grid(points, {120, 1, 0.25f}, Interaction::minus_one);
  const double normalizer = test::dense_normalizer(test::in_double_points(points));
  EXPECT_LE(force_error(plain.forces, points), 4e-3);
  EXPECT_LE(force_error(minus_one.forces, points), 4e-3);
  EXPECT_NEAR(plain.normalizer, normalizer, 2e-3 * normalizer);
  EXPECT_NEAR(minus_one.normalizer, normalizer, 2e-3 * normalizer);
}

TEST_P(Grid, HalfItsSideMayBeOdd) {
  const auto points = in_points(test::blob_map(300, 14.0));
  for (const std::uint32_t side : {70U, 90U, 110U}) {
    EXPECT_LE(force_error(on_grid(points, {side, 1, 0.5f}, Interaction::plain).forces, points),
              4.5e-2)
        << side;
  }
}

// One lone charge has as much energy in every frequency: those of the first and the last column
// count once, all others twice.
TEST_P(Grid, EnergyIsChargeTimesPotential) {
  for (const std::uint32_t side : {6U, 16U, 30U}) {
    const std::size_t columns = side / 2 + 1;
    const auto factors = to_device(test::normal_data(2, side * columns, 2.0).values);
    const auto charges = test::normal_data(2, side * columns, 0.0, 8).values;
    std::vector<Complex> spectrum(side * columns);
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      spectrum[i] = {charges[2 * i], charges[2 * i + 1]};
    }
    auto device_spectrum = to_device(spectrum);
    Geometry second;
    second.level = 1;
    const auto geometry = to_device(std::vector<Geometry>{second});
    std::vector<double> energies;
    run([&] {
      auto sums = poisoned<double>(kernels::energy_partial_count(side));
      kernels::multiply_spectrum(stream(), side, factors.data(), geometry.data(),
                                 device_spectrum.data(), sums.span());
      energies = to_host(sums);
    });
    const auto factor = to_host(factors);
    const auto product = to_host(device_spectrum);
    double energy = 0.0;
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      const float f = factor[spectrum.size() + i];
      ASSERT_FLOAT_EQ(product[i].real, f * spectrum[i].real);
      ASSERT_FLOAT_EQ(product[i].imaginary, f * spectrum[i].imaginary);
      const double own =
          std::pow(double{spectrum[i].real}, 2) + std::pow(double{spectrum[i].imaginary}, 2);
      energy += (i % columns == 0 || i % columns == columns - 1 ? 1.0 : 2.0) * double{f} * own;
    }
    EXPECT_NEAR(std::accumulate(energies.begin(), energies.end(), 0.0), energy,
                1e-5 * std::abs(energy));
  }
}

/// Bits that a way must share with its twin.
TEST_P(Grid, HasTheSameBitsInEveryOrder) {
  const auto points = in_points(test::blob_map(300, 9.0));
  const auto device_points = to_device(points);
  const auto compute = [&](std::vector<double>& sums, std::vector<float>& potential) {
    RepulsionGrid grid(context(), {48, 3, 0.5f}, Interaction::plain, points.size());
    device::Buffer<Box> boxes(kernels::move_box_count(points.size()));
    auto geometry = to_device(std::vector<Geometry>(1));
    kernels::measure_points(stream(), device_points.span(), boxes.span());
    grid.compute(context(), device_points.span(), boxes.span(), geometry.data());
    const auto repulsion = grid.repulsion();
    sums.resize(repulsion.normalizer_count);
    device::copy_to_host<double>(stream(), {repulsion.normalizers, sums.size()}, sums);
    potential.resize(std::size_t{48} * 24);
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
  // The switches of grids are at 16.75, 22.33 and 33.5.
  for (const double span : {10.0, 16.7, 16.8, 20.0, 22.0, 23.0, 33.4, 33.6}) {
    const auto points = in_points(test::blob_map(2000, span));
    expect_accurate("middle_" + std::to_string(span), points,
                    test::dense_normalizer(test::in_double_points(points)));
  }
}

TEST_P(Accuracy, OfLateMaps) {
  for (const auto& [span, per_disc] : {std::pair{90.0, 800.0}, {160.0, 2000.0}}) {
    const auto points = in_points(test::disc_map(span, per_disc));
    ASSERT_NEAR(span_of(points), span, 1.0);
    expect_accurate("late_" + std::to_string(span), points,
                    test::dense_normalizer(test::in_double_points(points)));
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
