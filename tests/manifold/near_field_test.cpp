// The pairs that a softened grid leaves out, against sums over all of them in double precision.
#include "manifold/near_field.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Geometry;
using kernels::Point;

constexpr double kRadius = 2.5;

/// 1 / (1 + x) less its Taylor series about the radius squared, and minus the derivative of that:
/// by the remainder, which has nothing to cancel.
double lacking(double x) {
  const double g = 1.0 / (1.0 + kRadius * kRadius);
  const double step = g * (kRadius * kRadius - x);
  return std::pow(step, 4) / (1.0 + x);
}
double lacking_slope(double x) {
  const double g = 1.0 / (1.0 + kRadius * kRadius);
  const double step = g * (kRadius * kRadius - x);
  return 4.0 * g * std::pow(step, 3) / (1.0 + x) + std::pow(step, 4) / ((1.0 + x) * (1.0 + x));
}

struct Near {
  std::vector<test::DoublePoint> forces;
  double sum = 0.0;
};

Near by_all_pairs(const std::vector<Point>& points) {
  Near result{std::vector<test::DoublePoint>(points.size()), 0.0};
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (const Point& other : points) {
      const double dx = double{points[i].x} - double{other.x};
      const double dy = double{points[i].y} - double{other.y};
      const double squared = dx * dx + dy * dy;
      if (squared >= kRadius * kRadius) continue;
      result.forces[i].x += lacking_slope(squared) * dx;
      result.forces[i].y += lacking_slope(squared) * dy;
      result.sum += lacking(squared);
    }
  }
  return result;
}

/// A grid's nodes, one unit apart from (0, 0) on.
constexpr std::uint32_t kNodesX = 70;
constexpr std::uint32_t kNodesY = 45;

std::vector<Point> scattered(std::size_t count, float width, float height, std::uint32_t seed = 5) {
  test::Normal random(seed);
  std::vector<Point> points(count);
  for (Point& point : points) {
    point = {static_cast<float>(random.uniform()) * width,
             static_cast<float>(random.uniform()) * height};
  }
  return points;
}

class NearFieldTest : public KernelTest {
 protected:
  struct Result {
    std::vector<Point> forces;
    std::vector<double> sums;
  };
  /// `before` is what the same memory was used for first.
  Result near(const std::vector<Point>& points, std::uint32_t overflow = 0,
              const std::vector<Point>& before = {}) {
    return near_as(GetParam(), points, overflow, before);
  }
  Result near_as(Way way, const std::vector<Point>& points, std::uint32_t overflow = 0,
                 const std::vector<Point>& before = {}) {
    auto device_points = to_device(points);
    auto device_before = to_device(before);
    Geometry where;
    where.iteration = 1;
    const auto geometry = to_device(std::vector<Geometry>{where});
    where.overflow = overflow;
    const auto now = to_device(std::vector<Geometry>{where});
    Result result;
    run_as(way, [&] {
      NearField field(points.size());
      field.resize(stream(), kNodesX, kNodesY, 1.f);
      device::Buffer<double> sums(field.sum_count());
      const auto compute = [&](device::Buffer<Point>& from, const Geometry* at) {
        field.compute(stream(), {{from.data(), nullptr}}, at, sums.span());
      };
      if (!before.empty()) compute(device_before, geometry.data());
      compute(device_points, now.data());
      result.forces.resize(points.size());
      device::copy_to_host<Point>(stream(), {field.forces(), points.size()}, result.forces);
      result.sums.resize(sums.size());
      device::copy_to_host<double>(stream(), sums.span(), result.sums);
    });
    return result;
  }

  void expect_sums(const std::vector<Point>& points) {
    const auto result = near(points);
    const auto expected = by_all_pairs(points);
    double size = 1.0;
    for (const auto& force : expected.forces) size = std::max(size, std::hypot(force.x, force.y));
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_NEAR(result.forces[i].x, expected.forces[i].x, 2e-6 * size) << i;
      ASSERT_NEAR(result.forces[i].y, expected.forces[i].y, 2e-6 * size) << i;
    }
    EXPECT_NEAR(std::accumulate(result.sums.begin(), result.sums.end(), 0.0), expected.sum,
                1e-6 * expected.sum);
  }
};

INSTANTIATE_TEST_SUITE_P(EveryWay, NearFieldTest, ways_that_wait(), way_name);

TEST_P(NearFieldTest, AnyNumberOfPoints) {
  for (const std::size_t count : {1U, 2U, 15U, 16U, 17U, 33U, 500U, 3000U}) {
    SCOPED_TRACE(count);
    expect_sums(scattered(count, 69.f, 44.f));
  }
}

TEST_P(NearFieldTest, CrowdedCellsAndEmptyOnes) {
  auto points = scattered(700, 3.f, 2.f);
  for (std::size_t i = 0; i < points.size(); i += 2) points[i].x += 40.f;
  points[5] = points[6] = points[7] = {20.f, 20.f};  // in one place, and nobody near
  expect_sums(points);
}

// What is beside a narrow map in memory is not beside it in the plane.
TEST_P(NearFieldTest, NarrowMaps) {
  expect_sums(scattered(300, 1.f, 44.f));
  expect_sums(scattered(300, 6.f, 44.f));
  expect_sums(scattered(300, 69.f, 0.5f));
}

TEST_P(NearFieldTest, OnTheBordersOfCellsAndOfTheGrid) {
  std::vector<Point> points;
  for (int x = 0; x <= 28; ++x) {
    for (int y = 0; y <= 18; ++y) {
      const Point border{std::min(2.5f * static_cast<float>(x), 69.f),
                         std::min(2.5f * static_cast<float>(y), 44.f)};
      points.push_back(border);
      points.push_back({std::nextafter(border.x, -1.f), border.y + 1e-3f});
    }
  }
  expect_sums(points);
}

// A point that is nowhere, or outside, must not be counted where no cell is.
TEST_P(NearFieldTest, StraysStayInMemory) {
  auto points = scattered(100, 69.f, 44.f);
  const auto kept = points;
  points[3] = {std::numeric_limits<float>::quiet_NaN(), 1e30f};
  points[50] = {-1e30f, -std::numeric_limits<float>::infinity()};
  const auto result = near(points);
  EXPECT_EQ(result.forces.size(), points.size());
  expect_sums(kept);
}

TEST_P(NearFieldTest, ServesAgain) {
  const auto points = scattered(400, 50.f, 40.f);
  const auto again = near(points, 0, scattered(400, 69.f, 44.f, 6));
  const auto once = near(points);
  EXPECT_EQ(again.sums, once.sums);
  for (std::size_t i = 0; i < points.size(); ++i) {
    ASSERT_EQ(again.forces[i].x, once.forces[i].x) << i;
    ASSERT_EQ(again.forces[i].y, once.forces[i].y) << i;
  }
}

TEST_P(NearFieldTest, LeavesAMapThatOutgrewItsGridAlone) {
  const auto before = scattered(100, 50.f, 40.f);
  const auto kept = near(scattered(100, 9.f, 9.f), 1, before);
  const auto expected = near(before);
  EXPECT_EQ(kept.sums, expected.sums);
  EXPECT_EQ(kept.forces[7].x, expected.forces[7].x);
}

TEST_P(NearFieldTest, HasTheSameBitsInEveryOrder) {
  const auto points = scattered(1000, 30.f, 44.f);
  const auto result = near(points);
  const auto other = near_as(kOnCuda ? Way::stream : Way::plain, points);
  EXPECT_EQ(result.sums, other.sums);
  for (std::size_t i = 0; i < points.size(); ++i) {
    ASSERT_EQ(result.forces[i].x, other.forces[i].x) << i;
    ASSERT_EQ(result.forces[i].y, other.forces[i].y) << i;
  }
}

TEST(PointsInCells, AreCountedWithThemselves) {
  EXPECT_EQ(points_in_cells(std::vector<Point>(7, Point{3.f, -1.f})), 7.0);
  // Three in one cell, two in another, one alone.
  const std::vector<Point> points{{0.f, 0.f},  {1.f, 2.f},   {2.4f, 0.5f},
                                  {9.f, 91.f}, {8.f, 90.5f}, {30.f, 0.f}};
  EXPECT_DOUBLE_EQ(points_in_cells(points), (3.0 * 3 + 2.0 * 2 + 1.0) / 6);
  // A map may just have lost a point.
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(points_in_cells(std::vector<Point>{{kNan, 1.f}, {2.f, 2.f}}), 0.5);
  EXPECT_EQ(points_in_cells(std::vector<Point>(3, Point{kNan, kNan})), 0.0);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
