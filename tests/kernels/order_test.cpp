// Points in the order of Hilbert's curve, there and back.
#include "kernels/tsne/order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::Point;

class Order : public KernelTest {
 protected:
  /// The points' places along the curve, first to last. Boxes are of some points each.
  std::vector<std::uint32_t> along_curve(const std::vector<Point>& points) {
    constexpr std::size_t kBoxes = 3;
    std::vector<Box> boxes(kBoxes);
    for (std::size_t i = 0; i < points.size(); ++i) {
      Box& box = boxes[i % kBoxes];
      box.low[0] = std::min(box.low[0], points[i].x);
      box.low[1] = std::min(box.low[1], points[i].y);
      box.high[0] = std::max(box.high[0], points[i].x);
      box.high[1] = std::max(box.high[1], points[i].y);
    }
    const auto device_points = to_device(points);
    const auto device_boxes = to_device(boxes);
    device::Buffer<std::uint64_t> keys(points.size());
    run([&] {
      kernels::curve_keys(stream(), device_points.span(), device_boxes.span(), keys.data());
    });
    auto sorted = to_host(keys);
    std::ranges::sort(sorted);
    std::vector<std::uint32_t> order;
    for (const std::uint64_t key : sorted) order.push_back(static_cast<std::uint32_t>(key));
    return order;
  }

  static std::vector<std::uint32_t> shuffled(std::size_t count, unsigned seed) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::shuffle(order, std::mt19937(seed));
    return order;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Order, every_way(), way_name);

// What makes it Hilbert's curve: one step leads from each node of a lattice to the next, and none
// is left out.
TEST_P(Order, EachNodeOfALatticeIsNextToTheOneBefore) {
  constexpr std::uint32_t kSide = 32;
  std::vector<Point> points;
  for (const std::uint32_t node : shuffled(std::size_t{kSide} * kSide, 1)) {
    points.push_back({3.f + 0.25f * static_cast<float>(node % kSide),
                      -7.f + 0.25f * static_cast<float>(node / kSide)});
  }
  const auto order = along_curve(points);
  EXPECT_EQ(std::set(order.begin(), order.end()).size(), points.size());
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Point& here = points[order[i]];
    const Point& before = points[order[i - 1]];
    ASSERT_EQ(std::abs(here.x - before.x) + std::abs(here.y - before.y), 0.25f) << i;
  }
}

TEST_P(Order, OnALineItIsTheLinesOwn) {
  std::vector<Point> points;
  for (const std::uint32_t i : shuffled(1000, 2)) points.push_back({static_cast<float>(i), 0.f});
  const auto order = along_curve(points);
  for (std::size_t i = 0; i < order.size(); ++i) {
    ASSERT_EQ(points[order[i]].x, static_cast<float>(i));
  }
}

TEST_P(Order, IsOneOfWhateverPoints) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Point odd : {Point{kNone, 1.f}, {kInfinity, -kInfinity}, {3e38f, -3e38f}}) {
    std::vector<Point> points(70, Point{2.f, 2.f});
    points[5] = odd;
    const auto order = along_curve(points);
    EXPECT_EQ(std::set(order.begin(), order.end()).size(), points.size());
  }
}

TEST_P(Order, LeadsFromPlacesToPlacesAndToRows) {
  constexpr std::size_t kPoints = 700;
  const auto moves = shuffled(kPoints, 3);
  const auto before = shuffled(kPoints, 4);
  std::vector<std::uint64_t> keys;
  for (std::uint64_t i = 0; i < kPoints; ++i) keys.push_back(i << 33U | moves[i]);
  const auto device_keys = to_device(keys);
  const auto device_before = to_device(before);
  for (const bool by_row : {true, false}) {
    device::Buffer<std::uint32_t> device_moves(kPoints), rows(kPoints), places(kPoints);
    run([&] {
      kernels::index_order(stream(), device_keys.span(), by_row ? nullptr : device_before.data(),
                           device_moves.data(), rows.data(), places.data());
    });
    EXPECT_EQ(to_host(device_moves), moves);
    const auto found = to_host(rows);
    const auto back = to_host(places);
    for (std::uint32_t i = 0; i < kPoints; ++i) {
      ASSERT_EQ(found[i], by_row ? moves[i] : before[moves[i]]);
      ASSERT_EQ(back[found[i]], i);
    }
  }
}

TEST_P(Order, PointsAreGathered) {
  constexpr std::size_t kPoints = 700;
  const auto indices = shuffled(kPoints, 5);
  std::vector<Point> points(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) points[i] = {static_cast<float>(i), -1.f};
  const auto device_indices = to_device(indices);
  const auto from = to_device(points);
  device::Buffer<Point> to(kPoints);
  run([&] { kernels::gather_points(stream(), device_indices.span(), from.data(), to.data()); });
  const auto gathered = to_host(to);
  for (std::size_t i = 0; i < kPoints; ++i) {
    ASSERT_EQ(gathered[i].x, static_cast<float>(indices[i]));
    ASSERT_EQ(gathered[i].y, -1.f);
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
