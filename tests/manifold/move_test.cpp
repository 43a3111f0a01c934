// One step of a map, its boxes and its divergence, against double precision.
#include "kernels/tsne/move.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "kernels/tsne/repulsion.hpp"
#include "manifold/dense_reference.hpp"
#include "manifold/packed_affinities.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Box;
using kernels::Geometry;
using kernels::Point;

/// A map in the middle of its way, with a sparse symmetric matrix of its own.
struct Scene {
  std::vector<Point> points, velocity, gain, forces;
  std::vector<std::uint32_t> offsets, columns;
  std::vector<float> values;
  Geometry geometry;
};

Scene make_scene(std::size_t count, double span, double speed) {
  test::Normal normal(static_cast<std::uint32_t>(count));
  const auto value = [&](double scale) { return static_cast<float>(scale * normal()); };
  Scene scene;
  for (std::size_t i = 0; i < count; ++i) {
    scene.points.push_back({value(span) + 0.5f, value(span) - 2.f});
    scene.velocity.push_back({value(speed), value(speed)});
    scene.gain.push_back(
        {static_cast<float>(0.01 + normal.uniform()), static_cast<float>(0.01 + normal.uniform())});
    scene.forces.push_back({value(30.0), value(30.0)});
    scene.offsets.push_back(static_cast<std::uint32_t>(scene.columns.size()));
    // Rows of 0 to 80 entries: none, less than a warp, more than two.
    for (std::size_t n = 0; n < std::min(i * 7 % 81, count - 1); ++n) {
      scene.columns.push_back(static_cast<std::uint32_t>((i + 1 + n) % count));
      scene.values.push_back(static_cast<float>(normal.uniform() / static_cast<double>(count)));
    }
    scene.geometry.mean_x += scene.points[i].x / static_cast<float>(count);
    scene.geometry.mean_y += scene.points[i].y / static_cast<float>(count);
  }
  scene.offsets.push_back(static_cast<std::uint32_t>(scene.columns.size()));
  return scene;
}

class Move : public KernelTest {
 protected:
  struct Moved {
    std::vector<Point> points, velocity, gain, weak_pull;
    std::vector<Box> boxes;
  };

  /// `weak_pull`: what is remembered; if none, what the iteration before would have left.
  Moved move(const Scene& scene, const TsneSchedule& schedule,
             const std::vector<double>& normalizers, double offset,
             const std::vector<Point>& weak_pull = {}) {
    const std::size_t count = scene.points.size();
    const auto offsets = to_device(scene.offsets);
    const auto columns = to_device(scene.columns);
    const auto values = to_device(scene.values);
    std::optional<PackedAffinityMatrix> packed;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] {
      packed.emplace(stream(), kernels::Affinities{offsets.data(), columns.data(), values.data()},
                     count, values.size());
    });
    auto weak = to_device(weak_pull.empty() ? std::vector<Point>(count) : weak_pull);
    const auto move_at = [&](std::uint64_t iteration) {
      auto geometry = scene.geometry;
      geometry.iteration = iteration;
      auto before = to_device(scene.points);
      auto after = to_device(std::vector<Point>(count));
      const kernels::Points both{{iteration % 2 == 1 ? before.data() : after.data(),
                                  iteration % 2 == 1 ? after.data() : before.data()}};
      const auto forces = to_device(scene.forces);
      const auto sums = to_device(normalizers);
      const auto device_geometry = to_device(std::vector<Geometry>{geometry});
      auto velocity = to_device(scene.velocity);
      auto gain = to_device(scene.gain);
      device::Buffer<Box> boxes(box_count(count));
      run([&] {
        kernels::move_points(
            stream(), both, count, packed->view(),
            {.potential = nullptr,
             .forces = forces.data(),
             .force_parts = static_cast<std::uint32_t>(scene.forces.size() / count),
             .normalizers = sums.data(),
             .normalizer_count = static_cast<std::uint32_t>(normalizers.size()),
             .normalizer_offset = offset},
            schedule, device_geometry.data(), {velocity.data(), gain.data(), weak.data()},
            boxes.span());
      });
      EXPECT_EQ(to_host(before)[count - 1].x, scene.points[count - 1].x) << "moved in place";
      return Moved{to_host(after), to_host(velocity), to_host(gain), to_host(weak), to_host(boxes)};
    };
    if (weak_pull.empty() && scene.geometry.iteration % kernels::kWeakEvery != 1) (void)move_at(1);
    return move_at(scene.geometry.iteration);
  }

  std::size_t box_count(std::size_t points) {
    std::size_t count = 0;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { count = kernels::move_box_count(points); });
    return count;
  }

  /// As an affinity is packed: 12 binary digits.
  static double rounded(float value) {
    int exponent = 0;
    const double fraction = std::frexp(double{value}, &exponent);
    return std::ldexp(std::round(fraction * 4096.0) / 4096.0, exponent);
  }

  struct Step {
    double velocity;
    double gain;
  };
  static Step step(double gradient, float velocity, float gain, double momentum, double rate) {
    double next = gradient * static_cast<double>(velocity) < 0.0 ? static_cast<double>(gain) + 0.2
                                                                 : static_cast<double>(gain) * 0.8;
    next = std::max(next, 0.01);
    const double moved = momentum * static_cast<double>(velocity) - rate * next * gradient;
    return {std::clamp(moved, -5.0, 5.0), next};
  }

  static void expect_step(const Scene& scene, const Moved& moved, const TsneSchedule& schedule,
                          double normalizer) {
    const bool early = scene.geometry.iteration <= schedule.early_iterations;
    const double exaggeration = early ? schedule.early_exaggeration : schedule.late_exaggeration;
    const double momentum =
        early ? double{schedule.early_momentum} : double{schedule.late_momentum};
    const double rate = double{schedule.learning_rate};
    const auto places = test::in_double_points(scene.points);
    int clipped = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      double x = 0.0, y = 0.0, size = 0.0;
      for (std::size_t e = scene.offsets[i]; e < scene.offsets[i + 1]; ++e) {
        const auto& there = places[scene.columns[e]];
        const double pull = rounded(scene.values[e]) * test::nearness(places[i], there);
        x += pull * (places[i].x - there.x);
        y += pull * (places[i].y - there.y);
        size += pull * std::hypot(places[i].x - there.x, places[i].y - there.y);
      }
      double force_x = 0.0, force_y = 0.0;
      for (std::size_t part = i; part < scene.forces.size(); part += places.size()) {
        force_x += double{scene.forces[part].x};
        force_y += double{scene.forces[part].y};
      }
      const double gx = 4.0 * (exaggeration * x - force_x / normalizer);
      const double gy = 4.0 * (exaggeration * y - force_y / normalizer);
      const double tolerance = 1e-5 + 2e-6 * rate * 4.0 * exaggeration * (size + 1e-3);
      const auto& velocity = scene.velocity[i];
      const Step sx = step(gx, velocity.x, scene.gain[i].x, momentum, rate);
      const Step sy = step(gy, velocity.y, scene.gain[i].y, momentum, rate);
      ASSERT_NEAR(moved.gain[i].x, sx.gain, 1e-6) << i;
      ASSERT_NEAR(moved.gain[i].y, sy.gain, 1e-6) << i;
      ASSERT_NEAR(moved.velocity[i].x, sx.velocity, tolerance) << i;
      ASSERT_NEAR(moved.velocity[i].y, sy.velocity, tolerance) << i;
      ASSERT_NEAR(moved.points[i].x, places[i].x - double{scene.geometry.mean_x} + sx.velocity,
                  tolerance + 1e-5);
      ASSERT_NEAR(moved.points[i].y, places[i].y - double{scene.geometry.mean_y} + sy.velocity,
                  tolerance + 1e-5);
      clipped += std::abs(sx.velocity) == 5.0 ? 1 : 0;
    }
    if (rate > 1e5) {
      EXPECT_GT(clipped, 0) << "a test of clipping that clips nothing";
    }
  }

  static void expect_boxes(const std::vector<Box>& boxes, const std::vector<Point>& points,
                           std::uint64_t iteration) {
    Box all;
    for (const Box& box : boxes) {
      all.low[0] = std::min(all.low[0], box.low[0]);
      all.low[1] = std::min(all.low[1], box.low[1]);
      all.high[0] = std::max(all.high[0], box.high[0]);
      all.high[1] = std::max(all.high[1], box.high[1]);
      all.sum[0] += box.sum[0];
      all.sum[1] += box.sum[1];
    }
    Box expected;
    double size = 0.0;
    for (const Point& p : points) {
      expected.low[0] = std::min(expected.low[0], p.x);
      expected.low[1] = std::min(expected.low[1], p.y);
      expected.high[0] = std::max(expected.high[0], p.x);
      expected.high[1] = std::max(expected.high[1], p.y);
      expected.sum[0] += static_cast<double>(p.x);
      expected.sum[1] += static_cast<double>(p.y);
      size += std::abs(static_cast<double>(p.x)) + std::abs(static_cast<double>(p.y));
    }
    for (const Box& box : boxes) EXPECT_EQ(box.iteration, iteration);
    EXPECT_EQ(all.low[0], expected.low[0]);
    EXPECT_EQ(all.low[1], expected.low[1]);
    EXPECT_EQ(all.high[0], expected.high[0]);
    EXPECT_EQ(all.high[1], expected.high[1]);
    EXPECT_NEAR(all.sum[0], expected.sum[0], 1e-12 * size);
    EXPECT_NEAR(all.sum[1], expected.sum[1], 1e-12 * size);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Move, every_way(), way_name);

constexpr std::size_t kPointCounts[] = {2, 3, 7, 8, 9, 64, 65, 300};

TEST_P(Move, TakesOneStep) {
  const std::vector<double> normalizers = {100.0, 20.5, 0.25, 7.0, 300.0};
  for (const std::size_t count : kPointCounts) {
    for (const double span : {1e-3, 5.0}) {
      SCOPED_TRACE(std::to_string(count) + " points, span " + std::to_string(span));
      Scene scene = make_scene(count, span, 0.1);
      for (const std::uint64_t iteration : {1U, 249U, 250U, 251U, 1000U}) {
        scene.geometry.iteration = iteration;
        const TsneSchedule schedule;
        const auto moved = move(scene, schedule, normalizers, -27.75);
        expect_step(scene, moved, schedule, 400.0);
        expect_boxes(moved.boxes, moved.points, iteration);
      }
    }
  }
}

TEST_P(Move, FollowsItsSchedule) {
  Scene scene = make_scene(50, 3.0, 0.1);
  const TsneSchedule schedule{.early_iterations = 7,
                              .early_exaggeration = 4.f,
                              .late_exaggeration = 1.5,
                              .early_momentum = 0.25f,
                              .late_momentum = 0.9f,
                              .learning_rate = 50.f};
  for (const std::uint64_t iteration : {7U, 8U}) {
    scene.geometry.iteration = iteration;
    expect_step(scene, move(scene, schedule, {400.0}, 0.0), schedule, 400.0);
  }
}

TEST_P(Move, NoStepIsLongerThanFive) {
  Scene scene = make_scene(200, 3.0, 4.0);
  scene.geometry.iteration = 300;
  TsneSchedule schedule;
  schedule.learning_rate = 1e6f;
  const auto moved = move(scene, schedule, {400.0}, 0.0);
  for (const Point& velocity : moved.velocity) {
    EXPECT_LE(std::abs(velocity.x), 5.f);
    EXPECT_LE(std::abs(velocity.y), 5.f);
  }
  const auto longest = std::max_element(
      moved.velocity.begin(), moved.velocity.end(),
      [](const Point& a, const Point& b) { return std::abs(a.x) < std::abs(b.x); });
  EXPECT_EQ(std::abs(longest->x), 5.f);
}

TEST_P(Move, GainsStayAboveTheirFloor) {
  Scene scene = make_scene(40, 3.0, 0.0);  // no velocity: every gain shrinks
  std::fill(scene.gain.begin(), scene.gain.end(), Point{0.011f, 0.5f});
  scene.geometry.iteration = 1;
  for (const Point& gain : move(scene, {}, {400.0}, 0.0).gain) {
    EXPECT_EQ(gain.x, 0.01f);
    EXPECT_FLOAT_EQ(gain.y, 0.4f);
  }
}

TEST_P(Move, AddsUpForcesThatComeInParts) {
  Scene scene = make_scene(65, 3.0, 0.1);
  scene.geometry.iteration = 3;
  const std::size_t count = scene.forces.size();
  for (int part = 1; part < 40; ++part) {
    for (std::size_t i = 0; i < count; ++i) scene.forces.push_back(scene.forces[(i + 7) % count]);
  }
  expect_step(scene, move(scene, {}, {400.0}, 0.0), {}, 400.0);
}

// Only every fourth iteration looks at the weak affinities; the others go by what it remembered.
TEST_P(Move, RemembersTheWeakPull) {
  Scene scene = make_scene(300, 3.0, 0.0);
  for (const std::uint64_t iteration : {1U, 2U, 3U, 4U, 5U}) {
    scene.geometry.iteration = iteration;
    const TsneSchedule schedule{.learning_rate = 1.0};
    const std::vector<Point> none(scene.points.size(), Point{0.f, 0.f});
    const std::vector<Point> some(scene.points.size(), Point{0.01f, -0.02f});
    const auto without = move(scene, schedule, {400.0}, 0.0, none);
    const auto with = move(scene, schedule, {400.0}, 0.0, some);
    const bool looks = iteration % 4 == 1;
    EXPECT_EQ(without.weak_pull[8].x != 0.f, looks) << iteration;
    EXPECT_EQ(with.weak_pull[8].x != 0.01f, looks) << iteration;
    for (std::size_t i = 0; i < scene.points.size(); ++i) {
      const double scale = looks ? 0.0 : -4.0 * 12.0 * double{with.gain[i].x};
      ASSERT_NEAR(with.velocity[i].x - without.velocity[i].x, scale * 0.01, 1e-5) << i;
      const double other = looks ? 0.0 : 4.0 * 12.0 * double{with.gain[i].y};
      ASSERT_NEAR(with.velocity[i].y - without.velocity[i].y, other * 0.02, 1e-5) << i;
    }
  }
}

TEST_P(Move, StandsStillWhereTheGridDoesNotHoldTheMap) {
  Scene scene = make_scene(65, 3.0, 0.1);
  scene.geometry.iteration = 5;
  scene.geometry.overflow = 1;
  const auto moved = move(scene, {}, {400.0}, 0.0);
  for (std::size_t i = 0; i < scene.points.size(); ++i) {
    EXPECT_EQ(moved.points[i].x, 0.f);
    EXPECT_EQ(moved.velocity[i].x, scene.velocity[i].x);
    EXPECT_EQ(moved.gain[i].y, scene.gain[i].y);
    EXPECT_EQ(moved.weak_pull[i].x, 0.f);
  }
}

TEST_P(Move, MeasuresPoints) {
  for (const std::size_t count : {1U, 2U, 7U, 255U, 256U, 257U, 3000U}) {
    const Scene scene = make_scene(count, 4.0, 0.0);
    const auto points = to_device(scene.points);
    device::Buffer<Box> boxes(box_count(count));
    run([&] { kernels::measure_points(stream(), points.span(), 17, boxes.span()); });
    expect_boxes(to_host(boxes), scene.points, 17);
  }
}

TEST_P(Move, BeginsAnIteration) {
  const Scene scene = make_scene(3000, 4.0, 0.0);
  const auto points = to_device(scene.points);
  device::Buffer<Box> boxes(box_count(3000));
  auto geometry = to_device(std::vector<Geometry>(1));
  run([&] {
    kernels::measure_points(stream(), points.span(), 41, boxes.span());
    kernels::begin_iteration(stream(), 3000, boxes.span(), geometry.data());
  });
  const Geometry after = to_host(geometry)[0];
  EXPECT_EQ(after.iteration, 42U);
  EXPECT_EQ(after.overflow, 0U);
  EXPECT_NEAR(after.mean_x, scene.geometry.mean_x, 1e-4);
  EXPECT_NEAR(after.mean_y, scene.geometry.mean_y, 1e-4);
  float low_x = 1e9f, high_x = -1e9f, low_y = 1e9f, high_y = -1e9f;
  for (const Point& p : scene.points) {
    low_x = std::min(low_x, p.x);
    high_x = std::max(high_x, p.x);
    low_y = std::min(low_y, p.y);
    high_y = std::max(high_y, p.y);
  }
  EXPECT_EQ(after.extent_x, high_x - low_x);
  EXPECT_EQ(after.extent_y, high_y - low_y);
}

TEST_P(Move, DivergenceSumsAllEntries) {
  for (const std::size_t count : kPointCounts) {
    for (const double span : {1e-4, 3.0, 1e3}) {
      Scene scene = make_scene(count, span, 0.0);
      if (!scene.values.empty()) scene.values[0] = 0.f;  // 0 log 0 is 0
      const auto points = to_device(scene.points);
      const auto offsets = to_device(scene.offsets);
      const auto columns = to_device(scene.columns);
      const auto values = to_device(scene.values);
      auto sums = poisoned<double>(box_count(count));
      run([&] {
        kernels::divergence_terms(stream(), points.span(),
                                  {offsets.data(), columns.data(), values.data()}, sums.span());
      });
      const auto parts = to_host(sums);
      const auto places = test::in_double_points(scene.points);
      double expected = 0.0;
      double size = 0.0;
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t e = scene.offsets[i]; e < scene.offsets[i + 1]; ++e) {
          const double p = double{scene.values[e]};
          if (p == 0.0) continue;
          const double near = test::nearness(places[i], places[scene.columns[e]]);
          expected += p * (std::log(p) - std::log(near));
          size += p * (std::abs(std::log(p)) + std::abs(std::log(near)));
        }
      }
      ASSERT_NEAR(std::accumulate(parts.begin(), parts.end(), 0.0), expected, 1e-6 * size + 1e-12);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
