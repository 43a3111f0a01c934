// Packed affinities say what the affinities said, to 12 binary digits, the strong ones first.
#include "kernels/affinities/pack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "manifold/packed_affinities.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Pack : public KernelTest {
 protected:
  struct Matrix {
    std::vector<std::uint32_t> offsets{0};
    std::vector<std::uint32_t> columns;
    std::vector<float> values;
  };

  /// Rows of 0 to 60 entries; of few points each row has most others.
  static Matrix make(std::size_t points, double smallest) {
    test::Normal random(static_cast<std::uint32_t>(points));
    Matrix matrix;
    for (std::size_t i = 0; i < points; ++i) {
      const std::size_t size = std::min<std::size_t>(i * 7 % 61, points - 1);
      for (std::size_t n = 0; n < size; ++n) {
        matrix.columns.push_back(static_cast<std::uint32_t>((i + 1 + n) % points));
        matrix.values.push_back(
            static_cast<float>(std::pow(smallest, random.uniform()) / static_cast<double>(points)));
      }
      matrix.offsets.push_back(static_cast<std::uint32_t>(matrix.columns.size()));
    }
    return matrix;
  }
};
// Building waits, which a recording cannot.
INSTANTIATE_TEST_SUITE_P(EveryWay, Pack,
                         kOnCuda ? testing::ValuesIn({Way::stream})
                                 : testing::ValuesIn({Way::plain, Way::forward, Way::shuffled}),
                         way_name);

TEST_P(Pack, EveryEntryIsThereOnceAndWeakOnesApart) {
  for (const std::size_t points : {2U, 50U, 2000U}) {
    SCOPED_TRACE(points);
    const Matrix matrix = make(points, 1e-6);
    const auto offsets = to_device(matrix.offsets);
    const auto columns = to_device(matrix.columns);
    const auto values = to_device(matrix.values);
    run([&] {
      const PackedAffinityMatrix packed(stream(), {offsets.data(), columns.data(), values.data()},
                                        points, values.size());
      const kernels::PackedAffinities view = packed.view();
      std::vector<std::uint32_t> strong(points + 1), weak(points + 1);
      device::copy_to_host<std::uint32_t>(stream(), {view.strong, points + 1}, strong);
      device::copy_to_host<std::uint32_t>(stream(), {view.weak, points + 1}, weak);
      EXPECT_EQ(strong.front(), 0U);
      EXPECT_EQ(strong.back(), weak.front());
      std::vector<std::uint16_t> numbers(weak.back()), places(weak.back());
      device::copy_to_host<std::uint16_t>(stream(), {view.values, numbers.size()}, numbers);
      device::copy_to_host<std::uint16_t>(stream(), {view.columns, places.size()}, places);
      const std::uint32_t unit = kernels::packed_unit();
      std::size_t weak_entries = 0;
      double weak_mass = 0.0, mass = 0.0;
      for (std::uint32_t i = 0; i < points; ++i) {
        ASSERT_EQ((strong[i + 1] - strong[i]) % unit, 0U);
        ASSERT_EQ((weak[i + 1] - weak[i]) % unit, 0U);
        std::map<std::uint32_t, float> expected;
        for (std::uint32_t e = matrix.offsets[i]; e < matrix.offsets[i + 1]; ++e) {
          expected[matrix.columns[e]] = matrix.values[e];
        }
        float strongest_weak = 0.f;
        for (const auto& [first, last] :
             {std::pair{strong[i], strong[i + 1]}, {weak[i], weak[i + 1]}}) {
          for (std::uint32_t e = first; e < last; ++e) {
            if (places[e] == i) continue;  // fills up the row
            const auto found = expected.find(places[e]);
            ASSERT_NE(found, expected.end()) << "twice, or never there: " << i << ", " << places[e];
            const auto value = std::bit_cast<float>(kernels::unpacked_bits(numbers[e], view.base));
            ASSERT_NEAR(value, found->second, found->second * 0x1.01p-12) << i;
            if (first == weak[i]) {
              ++weak_entries;
              weak_mass += double{found->second};
              strongest_weak = std::max(strongest_weak, found->second);
            }
            mass += double{found->second};
            expected.erase(found);
          }
        }
        EXPECT_TRUE(expected.empty()) << "row " << i << " has lost entries";
      }
      if (points < 2000) return;
      EXPECT_GT(weak_entries, matrix.values.size() / 4);
      EXPECT_LE(weak_entries, matrix.values.size() / 2 + 1);
      EXPECT_LT(weak_mass, 0.01 * mass);
    });
  }
}

// As if the points had been given so.
TEST_P(Pack, PointsInAnotherOrder) {
  constexpr std::size_t kPoints = 500;
  const Matrix matrix = make(kPoints, 1e-6);
  std::vector<std::uint32_t> rows(kPoints), places(kPoints);
  Matrix ordered;
  for (std::uint32_t i = 0; i < kPoints; ++i) {
    rows[i] = static_cast<std::uint32_t>(i * 7 % kPoints);
    places[rows[i]] = i;
  }
  for (const std::uint32_t row : rows) {
    for (std::uint32_t e = matrix.offsets[row]; e < matrix.offsets[row + 1]; ++e) {
      ordered.columns.push_back(places[matrix.columns[e]]);
      ordered.values.push_back(matrix.values[e]);
    }
    ordered.offsets.push_back(static_cast<std::uint32_t>(ordered.columns.size()));
  }
  const auto device_rows = to_device(rows);
  const auto device_places = to_device(places);
  struct OnDevice {
    device::Buffer<std::uint32_t> offsets, columns;
    device::Buffer<float> values;
    [[nodiscard]] kernels::Affinities view() const {
      return {offsets.data(), columns.data(), values.data()};
    }
  };
  const auto on_device = [&](const Matrix& m) {
    return OnDevice{to_device(m.offsets), to_device(m.columns), to_device(m.values)};
  };
  const OnDevice given = on_device(matrix);
  const OnDevice given_so = on_device(ordered);
  run([&] {
    PackedAffinityMatrix packed(stream(), given.view(), kPoints, matrix.values.size());
    const PackedAffinityMatrix expected(stream(), given_so.view(), kPoints, matrix.values.size());
    const auto all = [&](const PackedAffinityMatrix& of) {
      const kernels::PackedAffinities view = of.view();
      std::vector<std::uint32_t> numbers(2 * (kPoints + 1));
      device::copy_to_host<std::uint32_t>(stream(), {view.strong, kPoints + 1},
                                          std::span(numbers).first(kPoints + 1));
      device::copy_to_host<std::uint32_t>(stream(), {view.weak, kPoints + 1},
                                          std::span(numbers).last(kPoints + 1));
      std::vector<std::uint16_t> entries(numbers.back());
      for (const std::uint16_t* part : {view.values, view.columns}) {
        device::copy_to_host<std::uint16_t>(stream(), {part, entries.size()}, entries);
        numbers.insert(numbers.end(), entries.begin(), entries.end());
      }
      return numbers;
    };
    EXPECT_NE(all(packed), all(expected));
    packed.reorder(stream(), given.view(), rows, device_rows.data(), device_places.data());
    EXPECT_EQ(all(packed), all(expected));
  });
}

TEST_P(Pack, TheWeakestOfAllCountsForNothing) {
  constexpr std::size_t kPoints = 4;
  const std::vector<float> values = {0.25f, 0.f, 1e-30f, 0x1p-32f};
  const auto offsets = to_device<std::uint32_t>({0, 4, 4, 4, 4});
  const auto columns = to_device<std::uint32_t>({1, 2, 3, 1});
  const auto device_values = to_device(values);
  run([&] {
    const PackedAffinityMatrix packed(
        stream(), {offsets.data(), columns.data(), device_values.data()}, kPoints, values.size());
    const kernels::PackedAffinities view = packed.view();
    std::vector<std::uint16_t> numbers(4);
    device::copy_to_host<std::uint16_t>(stream(), {view.values, numbers.size()}, numbers);
    const auto value = [&](int i) {
      return std::bit_cast<float>(
          kernels::unpacked_bits(numbers[static_cast<std::size_t>(i)], view.base));
    };
    EXPECT_EQ(value(0), 0.25f);
    EXPECT_LE(value(1), 0x1p-32f);
    EXPECT_LE(value(2), 0x1p-32f);
    EXPECT_EQ(value(3), 0x1p-32f);
  });
}

// Beyond 65,536 points columns need 32 bits.
TEST_P(Pack, ManyPointsHaveWideColumns) {
  constexpr std::size_t kPoints = 65537;
  std::vector<std::uint32_t> offsets(kPoints + 1, 1);
  offsets[0] = 0;
  const auto device_offsets = to_device(offsets);
  const auto columns = to_device<std::uint32_t>({65536});
  const auto values = to_device<float>({1e-6f});
  run_as(kOnCuda ? Way::stream : Way::plain, [&] {
    const PackedAffinityMatrix packed(
        stream(), {device_offsets.data(), columns.data(), values.data()}, kPoints, 1);
    EXPECT_EQ(packed.view().columns, nullptr);
    std::vector<std::uint32_t> wide(1);
    device::copy_to_host<std::uint32_t>(stream(), {packed.view().wide_columns, 1}, wide);
    EXPECT_EQ(wide[0], 65536U);
  });
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
