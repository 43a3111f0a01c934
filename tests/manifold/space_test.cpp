// The kernels of maps in three dimensions, against sums in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/space/move.hpp"
#include "kernels/space/repulsion.hpp"
#include "kernels/tsne/spread.hpp"
#include "manifold/grid_sides.hpp"
#include "manifold/packed_affinities.hpp"
#include "manifold/space_grid.hpp"
#include "manifold/space_reference.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::SpaceBox;
using kernels::SpaceGeometry;
using kernels::SpacePoint;
using test::Triple;

std::vector<SpacePoint> in_points(const Array<float>& map, double unit = 1.0) {
  std::vector<SpacePoint> points(map.rows());
  const auto scale = static_cast<float>(1.0 / unit);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {scale * map.row(i)[0], scale * map.row(i)[1], scale * map.row(i)[2], 0.f};
  }
  return points;
}

std::vector<Triple> in_triples(const std::vector<SpacePoint>& points, double unit = 1.0) {
  std::vector<Triple> result(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    result[i] = {unit * double{points[i].x}, unit * double{points[i].y},
                 unit * double{points[i].z}};
  }
  return result;
}

Triple triple_of(const SpacePoint& point) {
  return {double{point.x}, double{point.y}, double{point.z}};
}

class SpaceTest : public KernelTest {
 protected:
  // How many blocks a launch has depends on the way, so this is asked in it, but not recorded.
  template <class Count>
  std::size_t count_in_way(const Count& count) {
    std::size_t result = 0;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { result = count(); });
    return result;
  }
  std::size_t box_count(std::size_t points) {
    return count_in_way([&] { return kernels::space_box_count(points); });
  }
  double total(const device::Buffer<double>& sums) {
    const auto values = to_host(sums);
    return std::accumulate(values.begin(), values.end(), 0.0);
  }

  /// The relative error of forces in units of sqrt(dof) (2-norm over up to 400 points).
  static double force_error(const std::vector<SpacePoint>& forces,
                            const std::vector<Triple>& places, double dof = 1.0) {
    double error = 0.0;
    double whole = 0.0;
    for (std::size_t i = 0; i < places.size(); i += 1 + places.size() / 400) {
      const Triple expected = test::dense_force(places, i, dof);
      const Triple force = triple_of(forces[i]);
      for (std::size_t c = 0; c < 3; ++c) {
        error += std::pow(force[c] / std::sqrt(dof) - expected[c], 2);
        whole += expected[c] * expected[c];
      }
    }
    return std::sqrt(error / whole);
  }
};

// ---- exact sums --------------------------------------------------------------------------------

class ExactSpaceRepulsion : public SpaceTest {
 protected:
  struct Repelled {
    std::vector<SpacePoint> forces;
    double normalizer;
  };
  Repelled exact(const std::vector<SpacePoint>& points, bool forces_wanted = true,
                 kernels::Tail tail = {}) {
    auto device_points = to_device(points);
    const std::size_t n = points.size();
    const std::size_t parts = count_in_way([&] { return kernels::repulsion_parts(n); });
    auto forces = to_device(std::vector<SpacePoint>(parts * n, SpacePoint{7.f, 7.f, 7.f, 0.f}));
    auto sums = poisoned<double>(count_in_way([&] { return kernels::repulsion_partial_count(n); }));
    run([&] {
      kernels::exact_repulsion(stream(), {{device_points.data(), nullptr}}, n, nullptr,
                               forces_wanted ? forces.data() : nullptr, sums.span(), tail);
    });
    std::vector<SpacePoint> added(n);
    const auto partial = to_host(forces);
    for (std::size_t i = 0; i < partial.size(); ++i) {
      added[i % n].x += partial[i].x;
      added[i % n].y += partial[i].y;
      added[i % n].z += partial[i].z;
    }
    return {added, total(sums)};
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, ExactSpaceRepulsion, every_way(), way_name);

TEST_P(ExactSpaceRepulsion, AnyNumberOfPoints) {
  for (const std::size_t count : {2U, 3U, 16U, 17U, 127U, 128U, 129U, 257U, 1000U, 2049U}) {
    SCOPED_TRACE(count);
    const auto points = in_points(test::space_blob(count, 20.0));
    const auto places = in_triples(points);
    const auto result = exact(points);
    const double normalizer = test::dense_normalizer(places);
    EXPECT_NEAR(result.normalizer, normalizer, 2e-6 * normalizer);
    EXPECT_LE(force_error(result.forces, places), 3e-6);
    const auto alone = exact(points, false);
    ASSERT_EQ(alone.normalizer, result.normalizer);
    ASSERT_EQ(std::fmod(alone.forces[0].z, 7.f), 0.f) << "forces written though not wanted";
  }
}

TEST_P(ExactSpaceRepulsion, AnyTail) {
  for (const double dof : {0.1, 0.5, 2.0, 100.0}) {
    for (const double span : {1e-3, 8.0, 60.0}) {
      SCOPED_TRACE(std::to_string(dof) + ", span " + std::to_string(span));
      const auto points = in_points(test::space_blob(300, span), std::sqrt(dof));
      const auto places = in_triples(points, std::sqrt(dof));
      const auto result = exact(points, true, {static_cast<float>(dof)});
      const double normalizer = test::dense_normalizer(places, dof);
      const double bound = 2e-6 + 1e-7 * dof;  // a power multiplies its base's rounding
      EXPECT_NEAR(result.normalizer, normalizer, bound * normalizer);
      EXPECT_LE(force_error(result.forces, places, dof), bound);
    }
  }
}

// ---- on a grid ---------------------------------------------------------------------------------

class SpaceGridTest : public SpaceTest {
 protected:
  std::uint32_t small_levels_ = 3;  // the optimizer has 21, which take a while in emulation

  struct Repelled {
    std::vector<SpacePoint> forces;
    double normalizer = 0.0;
    SpaceGeometry geometry;
  };

  Repelled on_grid(Way way, const std::vector<SpacePoint>& points, std::uint32_t side,
                   float spacing, kernels::Tail tail = {}) {
    const std::size_t n = points.size();
    auto device_points = to_device(points);
    auto geometry = to_device(std::vector<SpaceGeometry>(1));
    Repelled result{std::vector<SpacePoint>(n), 0.0, {}};
    const bool small = side == fft::kShortest;
    // A grid's launches may be recorded, its tables may not.
    run_as(way == Way::graph ? Way::stream : way, [&] {
      SpaceRepulsionGrid grid(double{spacing}, n, tail);
      grid.resize(stream(), side, small ? small_levels_ : 1,
                  small ? kernels::Interaction::minus_one : kernels::Interaction::plain);
      device::Buffer<SpaceBox> boxes(kernels::space_box_count(n));
      const kernels::SpacePoints both{{device_points.data(), nullptr}};
      for (int time = 0; time < 2; ++time) {  // charges are cleared in between
        kernels::measure_points(stream(), device_points.span(), 0, boxes.span());
        grid.compute(stream(), both, boxes.span(), geometry.data());
      }
      const auto repulsion = grid.repulsion();
      device::copy_to_host<SpacePoint>(stream(), {repulsion.forces, n}, result.forces);
      std::vector<double> sums(repulsion.normalizer_count);
      device::copy_to_host<double>(stream(), {repulsion.normalizers, sums.size()}, sums);
      result.normalizer = std::accumulate(sums.begin(), sums.end(), repulsion.normalizer_offset);
    });
    result.geometry = to_host(geometry)[0];
    return result;
  }

  static float extent_of(const std::vector<SpacePoint>& points) {
    float largest = 0.f;
    for (std::size_t c = 0; c < 3; ++c) {
      float low = SpaceBox{}.low[0], high = -low;
      for (const SpacePoint& point : points) {
        const float value = c == 0 ? point.x : c == 1 ? point.y : point.z;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      largest = std::max(largest, high - low);
    }
    return largest;
  }

  /// On the grid that this map gets.
  Repelled on_grid(const std::vector<SpacePoint>& points, float spacing, kernels::Tail tail = {}) {
    const std::uint32_t side = side_for(extent_of(points), double{spacing});
    EXPECT_LE(side, 256U);
    Repelled result = on_grid(GetParam(), points, side, spacing, tail);
    EXPECT_EQ(result.geometry.overflow, 0U);
    EXPECT_EQ(result.geometry.iteration, 1U);
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, SpaceGridTest, every_way(), way_name);

TEST_P(SpaceGridTest, ItsForcesAreThoseOfSums) {
  for (const double span : {3.0, 10.0}) {  // on a finer level, on a larger grid
    SCOPED_TRACE(span);
    const auto points = in_points(test::space_blob(150, span));
    const auto places = in_triples(points);
    const auto result = on_grid(points, 1.f / 3.f);
    EXPECT_LE(force_error(result.forces, places), 1.1e-2);
    const double normalizer = test::dense_normalizer(places);
    EXPECT_NEAR(result.normalizer, normalizer, 2e-3 * normalizer);
    const auto again = on_grid(twin(), points, side_for(extent_of(points), 1.0 / 3.0), 1.f / 3.f);
    EXPECT_EQ(again.normalizer, result.normalizer);
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_EQ(again.forces[i].x, result.forces[i].x) << i;
      ASSERT_EQ(again.forces[i].z, result.forces[i].z) << i;
    }
  }
}

TEST_P(SpaceGridTest, SaysThatItDoesNotHoldTheMap) {
  const auto points = in_points(test::space_blob(50, 9.1));  // 64 nodes hold 27 thirds
  const auto result = on_grid(GetParam(), points, 64, 1.f / 3.f);
  EXPECT_EQ(result.geometry.overflow, 1U);
}

// As in the plane at the same spacing (repulsion_test.cpp): 4.5, 1.1 and 0.4 %.
class SpaceAccuracy : public SpaceGridTest {
 protected:
  SpaceAccuracy() { small_levels_ = 21; }

  void expect_accurate(const std::string& name, const Array<float>& map) {
    const auto points = in_points(map);
    const auto places = in_triples(points);
    const double normalizer = test::dense_normalizer(places);
    for (const auto& [spacing, bound] :
         {std::pair{0.5f, 4.5e-2}, {1.f / 3.f, 1.1e-2}, {0.25f, 4e-3}}) {
      if (side_for(extent_of(points), double{spacing}) > 256) continue;
      const auto result = on_grid(points, spacing);
      const double error = force_error(result.forces, places);
      const double of_normalizer = std::abs(result.normalizer / normalizer - 1.0);
      std::printf("%-20s %.2f  force %.1e  normalizer %.1e\n", name.c_str(), double{spacing}, error,
                  of_normalizer);
      EXPECT_LE(error, bound) << name << ", " << spacing;
      EXPECT_LE(of_normalizer, 2e-3) << name << ", " << spacing;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(FastestWay, SpaceAccuracy,
                         testing::Values(kOnCuda ? Way::stream : Way::plain), way_name);

TEST_P(SpaceAccuracy, OfMapsOfAnySize) {
  for (const double span : {1e-4, 1e-2, 0.5, 3.0, 6.0, 12.0, 18.0, 30.0, 40.0}) {
    expect_accurate("blob " + std::to_string(span), test::space_blob(1000, span));
  }
  for (const double span : {24.0, 40.0}) {
    expect_accurate("balls " + std::to_string(span), test::ball_map(span, 200));
  }
}

TEST_P(SpaceAccuracy, OfAnyTail) {
  for (const double dof : {0.1, 0.5, 2.0, 100.0}) {
    for (const double span : {1e-3, 8.0, 24.0}) {
      const auto points = in_points(test::space_blob(1500, span), std::sqrt(dof));
      const auto places = in_triples(points, std::sqrt(dof));
      for (const auto& [spacing, bound] :
           {std::pair{0.5, 4.5e-2}, {1.0 / 3.0, 1.1e-2}, {0.25, 4e-3}}) {
        const auto inner = static_cast<float>(spacing / std::sqrt(dof));
        const auto result = on_grid(points, inner, {static_cast<float>(dof)});
        const double error = force_error(result.forces, places, dof);
        const double normalizer = test::dense_normalizer(places, dof);
        const double of_normalizer = std::abs(result.normalizer / normalizer - 1.0);
        std::printf("dof %5.1f span %.0e %.2f  force %.1e  normalizer %.1e\n", dof, span, spacing,
                    error, of_normalizer);
        EXPECT_LE(error, bound) << dof << ", " << span << ", " << spacing;
        EXPECT_LE(of_normalizer, 2e-3) << dof << ", " << span << ", " << spacing;
      }
    }
  }
}

// Charges of 64 bits.
TEST_P(SpaceAccuracy, OfVeryManyPoints) {
  const auto points = in_points(test::space_blob(140'000, 20.0));
  ASSERT_GT(points.size(), kernels::kMostPointsIn32Bits);
  EXPECT_LE(force_error(on_grid(points, 1.f / 3.f).forces, in_triples(points)), 1.1e-2);
}

// ---- the step ----------------------------------------------------------------------------------

class SpaceMove : public SpaceTest {
 protected:
  static void expect_boxes(const std::vector<SpaceBox>& boxes,
                           const std::vector<SpacePoint>& points, std::uint64_t iteration) {
    for (std::size_t c = 0; c < 3; ++c) {
      float low = SpaceBox{}.low[0], high = -low, box_low = low, box_high = high;
      double sum = 0.0, size = 0.0, box_sum = 0.0;
      for (const SpaceBox& box : boxes) {
        EXPECT_EQ(box.iteration, iteration);
        box_low = std::min(box_low, box.low[c]);
        box_high = std::max(box_high, box.high[c]);
        box_sum += box.sum[c];
      }
      for (const SpacePoint& point : points) {
        const double value = triple_of(point)[c];
        low = std::min(low, static_cast<float>(value));
        high = std::max(high, static_cast<float>(value));
        sum += value;
        size += std::abs(value);
      }
      EXPECT_EQ(box_low, low);
      EXPECT_EQ(box_high, high);
      EXPECT_NEAR(box_sum, sum, 1e-12 * size);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, SpaceMove, every_way(), way_name);

TEST_P(SpaceMove, TakesOneStep) {
  // Rows of some five entries, as rounded to the 12 binary digits that are kept. More points than
  // 16 bits number make wide columns, and every way must see both.
  for (const std::size_t count : {2U, 3U, 4U, 5U, 65U, 300U}) {
    SCOPED_TRACE(count);
    test::Normal normal(11);
    const auto random_points = [&](double size) {
      std::vector<SpacePoint> points(count);
      for (auto& p : points) {
        p = {static_cast<float>(size * normal()), static_cast<float>(size * normal()),
             static_cast<float>(size * normal()), 0.f};
      }
      return points;
    };
    const auto points = random_points(2.0);
    const auto velocities = random_points(0.1);
    constexpr std::size_t kParts = 3;
    std::vector<SpacePoint> forces;
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto some = random_points(1.0);
      forces.insert(forces.end(), some.begin(), some.end());
    }
    std::vector<std::uint32_t> offsets{0}, columns;
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t n = 0; n + 1 < std::min<std::size_t>(count, 6); ++n) {
        columns.push_back(static_cast<std::uint32_t>((i + 1 + n) % count));
        const auto p = static_cast<float>(normal.uniform() / static_cast<double>(count));
        int exponent = 0;
        const double fraction = std::frexp(double{p}, &exponent);
        values.push_back(
            static_cast<float>(std::ldexp(std::round(fraction * 4096.0) / 4096.0, exponent)));
      }
      offsets.push_back(static_cast<std::uint32_t>(columns.size()));
    }
    const auto device_offsets = to_device(offsets);
    const auto device_columns = to_device(columns);
    const auto device_values = to_device(values);
    std::optional<PackedAffinityMatrix> packed;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] {
      packed.emplace(
          stream(),
          kernels::Affinities{device_offsets.data(), device_columns.data(), device_values.data()},
          count, values.size());
    });
    const auto device_forces = to_device(forces);
    const auto normalizers = to_device(std::vector<double>{300.0, 120.5, 7.25});
    constexpr double kNormalizer = 400.0;
    auto weak = to_device(std::vector<SpacePoint>(count));
    for (const std::uint64_t iteration : {1U, 250U, 251U}) {
      SCOPED_TRACE(iteration);
      SpaceGeometry geometry;
      geometry.iteration = iteration;
      geometry.mean_x = 0.5f;
      geometry.mean_y = -0.25f;
      geometry.mean_z = 2.f;
      const auto device_geometry = to_device(std::vector<SpaceGeometry>{geometry});
      auto before = to_device(points);
      auto after = to_device(std::vector<SpacePoint>(count));
      const bool odd = iteration % 2 == 1;
      const kernels::SpacePoints both{
          {odd ? before.data() : after.data(), odd ? after.data() : before.data()}};
      auto velocity = to_device(velocities);
      auto gain = to_device(std::vector<SpacePoint>(count, SpacePoint{1.f, 0.011f, 1.5f, 1.f}));
      device::Buffer<SpaceBox> boxes(box_count(count));
      const TsneSchedule schedule{.late_exaggeration = 1.5, .learning_rate = 10.0};
      run([&] {
        kernels::move_points(stream(), both, count, packed->view(),
                             {.forces = device_forces.data(),
                              .force_parts = kParts,
                              .normalizers = normalizers.data(),
                              .normalizer_count = 3,
                              .normalizer_offset = -27.75},
                             schedule, device_geometry.data(),
                             {velocity.data(), gain.data(), weak.data()}, boxes.span());
      });
      const auto moved = to_host(after);
      const auto new_velocity = to_host(velocity);
      const auto new_gain = to_host(gain);
      expect_boxes(to_host(boxes), moved, iteration);
      const auto places = in_triples(points);
      const Triple mean{0.5, -0.25, 2.0};
      const Triple gains{1.0, double{0.011f}, 1.5};
      const bool early = iteration <= 250;
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
          double gradient = 0.0;
          for (std::size_t e = offsets[i]; e < offsets[i + 1]; ++e) {
            const Triple& there = places[columns[e]];
            gradient += double{values[e]} * (places[i][c] - there[c]) /
                        (1.0 + test::squared_distance(places[i], there));
          }
          gradient *= early ? 12.0 : 1.5;
          for (std::size_t part = 0; part < kParts; ++part) {
            gradient -= triple_of(forces[part * count + i])[c] / kNormalizer;
          }
          gradient *= 4.0;
          const double speed = triple_of(velocities[i])[c];
          const double own =
              std::max(0.01, gradient * speed < 0.0 ? gains[c] + 0.2 : gains[c] * 0.8);
          const double step =
              std::clamp((early ? 0.5 : 0.8) * speed - 10.0 * own * gradient, -5.0, 5.0);
          ASSERT_NEAR(triple_of(new_gain[i])[c], own, 1e-6) << i;
          ASSERT_NEAR(triple_of(new_velocity[i])[c], step, 2e-5) << i << ", " << c;
          ASSERT_NEAR(triple_of(moved[i])[c], places[i][c] - mean[c] + step, 3e-5) << i;
        }
        EXPECT_EQ(moved[i].unused, 0.f);
      }
    }
  }
}

TEST_P(SpaceMove, StandsStillWhereTheGridDoesNotHoldTheMap) {
  constexpr std::size_t kCount = 65;
  SpaceGeometry geometry;
  geometry.iteration = 5;
  geometry.overflow = 1;
  const auto points = in_points(test::space_blob(kCount, 3.0));
  auto before = to_device(points);
  auto after = to_device(std::vector<SpacePoint>(kCount));
  auto velocity = to_device(points);
  auto gain = to_device(points);
  auto weak = to_device(points);
  const auto forces = to_device(points);
  const auto one = to_device(std::vector<double>{1.0});
  const auto offsets = to_device(std::vector<std::uint32_t>(kCount + 1));
  const auto device_geometry = to_device(std::vector<SpaceGeometry>{geometry});
  device::Buffer<SpaceBox> boxes(box_count(kCount));
  run([&] {
    const kernels::PackedAffinities none{.strong = offsets.data(),
                                         .weak = offsets.data(),
                                         .values = nullptr,
                                         .columns = nullptr,
                                         .wide_columns = nullptr,
                                         .base = 0};
    kernels::move_points(stream(), {{before.data(), after.data()}}, kCount, none,
                         {forces.data(), 1, one.data(), 1, 0.0}, {}, device_geometry.data(),
                         {velocity.data(), gain.data(), weak.data()}, boxes.span());
  });
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(to_host(after)[i].z, 0.f);
    EXPECT_EQ(to_host(velocity)[i].z, points[i].z);
    EXPECT_EQ(to_host(gain)[i].y, points[i].y);
  }
}

TEST_P(SpaceMove, MeasuresPointsAndBeginsAnIteration) {
  for (const std::size_t count : {1U, 7U, 257U, 3000U}) {
    SCOPED_TRACE(count);
    const auto map = test::space_blob(std::max<std::size_t>(count, 2), 4.0);
    auto points = in_points(map);
    points.resize(count);
    const auto device_points = to_device(points);
    device::Buffer<SpaceBox> boxes(box_count(count));
    auto geometry = to_device(std::vector<SpaceGeometry>(1));
    run([&] {
      kernels::measure_points(stream(), device_points.span(), 17, boxes.span());
      kernels::begin_iteration(stream(), count, boxes.span(), geometry.data());
    });
    expect_boxes(to_host(boxes), points, 17);
    const SpaceGeometry after = to_host(geometry)[0];
    EXPECT_EQ(after.iteration, 18U);
    double mean = 0.0;
    float low = SpaceBox{}.low[0], high = -low;
    for (const SpacePoint& p : points) {
      mean += double{p.z} / static_cast<double>(count);
      low = std::min(low, p.z);
      high = std::max(high, p.z);
    }
    EXPECT_NEAR(after.mean_z, mean, 1e-6);
    EXPECT_EQ(after.extent_z, high - low);
  }
}

TEST_P(SpaceMove, DivergenceSumsAllEntries) {
  constexpr std::size_t kCount = 65;
  for (const double dof : {1.0, 0.5}) {
    const auto points = in_points(test::space_blob(kCount, 30.0));
    const auto places = in_triples(points);
    std::vector<std::uint32_t> offsets{0}, columns;
    std::vector<float> values;
    double expected = 0.0;
    for (std::size_t i = 0; i < kCount; ++i) {
      for (std::size_t n = 1; n < 6; ++n) {
        columns.push_back(static_cast<std::uint32_t>((i + n) % kCount));
        values.push_back(n == 1 ? 0.f : 1.f / static_cast<float>(n * kCount * 5));
        const double p = double{values.back()};
        if (p > 0.0) {
          expected += p * (std::log(p) + dof * std::log1p(test::squared_distance(
                                                   places[i], places[columns.back()])));
        }
      }
      offsets.push_back(static_cast<std::uint32_t>(columns.size()));
    }
    const auto device_points = to_device(points);
    const auto device_offsets = to_device(offsets);
    const auto device_columns = to_device(columns);
    const auto device_values = to_device(values);
    auto sums = poisoned<double>(box_count(kCount));
    run([&] {
      kernels::divergence_terms(
          stream(), device_points.span(),
          {device_offsets.data(), device_columns.data(), device_values.data()}, sums.span(),
          {static_cast<float>(dof)});
    });
    EXPECT_NEAR(total(sums), expected, 1e-6 * std::abs(expected));
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
