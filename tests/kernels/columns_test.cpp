#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/columns/centre.hpp"
#include "kernels/columns/equal_rows.hpp"
#include "kernels/columns/facts.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/columns/unit_rows.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Columns : public KernelTest {
 protected:
  std::vector<float> means(Way way, const std::vector<float>& x, std::size_t rows,
                           std::size_t columns) {
    const auto device_x = to_device(x);
    const std::size_t sums = kernels::column_sum_groups(rows) * columns;
    auto scratch = output<double>(sums);
    auto result = output(columns);
    run_as(way, [&] {
      kernels::column_means(stream(), device_x.data(), rows, columns, scratch.span().first(sums),
                            result.span().first(columns));
    });
    written(scratch);
    return written(result);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Columns, every_way(), way_name);

constexpr std::size_t kRowCounts[] = {1, 255, 256, 257, 513, 1000};
constexpr std::size_t kColumnCounts[] = {1, 3, 255, 256, 257, 300};

TEST_P(Columns, RowsComeInGroups) {
  for (const std::size_t rows : kRowCounts) {
    const std::size_t groups = kernels::column_sum_groups(rows);
    EXPECT_GE(groups, 1U);
    EXPECT_LE(groups, rows);
  }
}

TEST_P(Columns, MeansAreThoseOfDoublePrecision) {
  for (const std::size_t rows : kRowCounts) {
    for (const std::size_t columns : kColumnCounts) {
      // The second would lose all digits of its spread in single precision.
      for (const float offset : {0.f, 1e4f}) {
        auto x = test::random_values(rows * columns, offset - 0.5f, offset + 0.5f);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] += static_cast<float>(i % columns);
        const auto mean = means(GetParam(), x, rows, columns);
        for (std::size_t c = 0; c < columns; ++c) {
          double sum = 0;
          double size = 0;
          for (std::size_t r = 0; r < rows; ++r) {
            const auto value = static_cast<double>(x[r * columns + c]);
            sum += value;
            size += std::abs(value);
          }
          const auto n = static_cast<double>(rows);
          // One rounding to single precision, and what summing in double leaves.
          ASSERT_NEAR(mean[c], sum / n, 0x1.001p-24 * std::abs(sum / n) + 1e-13 * size / n)
              << "column " << c << " of " << columns << ", " << rows << " rows";
        }
      }
    }
  }
}

TEST_P(Columns, MeansHaveTheSameBitsEveryTime) {
  const auto x = test::random_values(1000 * 37, -1.f, 1.f);
  const auto first = means(GetParam(), x, 1000, 37);
  EXPECT_EQ(means(GetParam(), x, 1000, 37), first);
  EXPECT_EQ(means(twin(), x, 1000, 37), first);
}

TEST_P(Columns, MeansAreSubtracted) {
  for (const std::size_t rows : {1U, 2U, 257U}) {
    for (const std::size_t columns : kColumnCounts) {
      const auto x = test::random_values(rows * columns, -1.f, 1.f);
      const auto mean = test::random_values(columns, -1.f, 1.f, 2);
      std::vector<float> expected(x);
      for (std::size_t i = 0; i < x.size(); ++i) expected[i] -= mean[i % columns];
      const auto device_x = to_device(x);
      const auto device_mean = to_device(mean);
      auto y = output(x.size());
      auto in_place = output(x.size());
      device::copy_to_device<float>(stream(), x, in_place.span().first(x.size()));
      run([&] {
        kernels::subtract_means(stream(), device_x.data(), rows, columns, device_mean.span(),
                                y.data());
        kernels::subtract_means(stream(), in_place.data(), rows, columns, device_mean.span(),
                                in_place.data());
      });
      ASSERT_EQ(written(y), expected);
      ASSERT_EQ(written(in_place), expected);
    }
  }
}

class Facts : public Columns {
 protected:
  kernels::GroupFacts facts(const std::vector<float>& x, std::size_t rows) {
    const auto device_x = to_device(x);
    device::Buffer<kernels::GroupFacts> groups(kernels::fact_groups(rows));
    run([&] {
      kernels::row_facts(stream(), device_x.data(), rows, x.size() / rows, groups.span());
    });
    kernels::GroupFacts all;
    for (const kernels::GroupFacts& group : to_host(groups)) {
      all = {std::max(all.largest, group.largest), all.differ | group.differ,
             all.negative | group.negative};
    }
    return all;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Facts, every_way(), way_name);

TEST_P(Facts, SeeEveryValue) {
  for (const std::size_t rows : {2U, 255U, 256U, 257U, 513U}) {
    for (const std::size_t columns : {1U, 3U, 257U}) {
      std::vector<float> x(rows * columns, -0.5f);
      kernels::GroupFacts found = facts(x, rows);
      ASSERT_EQ(found.largest, std::bit_cast<std::uint32_t>(0.5f));
      ASSERT_EQ(found.differ, 0U);
      for (const std::size_t place :
           {columns, 2 * columns - 1, x.size() / 2 + columns / 2, x.size() - 1}) {
        for (const float value : {-0.75f, 1e-40f, std::numeric_limits<float>::max()}) {
          const float before = std::exchange(x[place], value);
          found = facts(x, rows);
          ASSERT_EQ(std::bit_cast<float>(found.largest), std::max(0.5f, std::fabs(value)));
          ASSERT_EQ(found.differ, 1U) << rows << " x " << columns << ", value " << place;
          x[place] = before;
        }
        for (const float value : {std::numeric_limits<float>::infinity(), -std::nanf("")}) {
          const float before = std::exchange(x[place], value);
          ASSERT_FALSE(std::isfinite(std::bit_cast<float>(facts(x, rows).largest)));
          x[place] = before;
        }
      }
    }
  }
}

TEST_P(Facts, SeeOneNegativeValue) {
  std::vector<float> x(513 * 3, 0.5f);
  for (const std::size_t place : {0U, 767U, 768U, 1538U}) {
    for (const float value : {0.f, -0.f, std::numeric_limits<float>::max()}) {
      const float before = std::exchange(x[place], value);
      ASSERT_EQ(facts(x, 513).negative, 0U) << value;
      x[place] = before;
    }
    for (const float value : {-1e-40f, -1.f, -std::numeric_limits<float>::infinity()}) {
      const float before = std::exchange(x[place], value);
      ASSERT_EQ(facts(x, 513).negative, 1U) << value << " in place " << place;
      x[place] = before;
    }
  }
}

TEST_P(Facts, ZerosOfBothSignsAreTheSame) {
  EXPECT_EQ(facts({0.f, -0.f, -0.f, 0.f}, 2).differ, 0U);
}

TEST_P(Facts, ScalesExactly) {
  const auto x = test::random_values(1000, -1.f, 1.f);
  const auto device_x = to_device(x);
  auto y = output(x.size());
  run([&] { kernels::scale(stream(), device_x.span(), 0x1p-60f, y.data()); });
  const auto result = written(y);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(result[i], std::ldexp(x[i], -60));
}

class UnitRows : public Columns {
 protected:
  std::vector<float> unit(Way way, const std::vector<float>& x, std::size_t columns, bool centred) {
    const auto device_x = to_device(x);
    auto y = output(x.size());
    run_as(way, [&] {
      kernels::unit_rows(stream(), device_x.data(), x.size() / columns, columns, centred, y.data());
    });
    return written(y);
  }

  /// Against long doubles: what summing in double leaves, and one rounding to single precision.
  void expect_unit(const std::vector<float>& x, std::size_t columns) {
    for (const bool centred : {false, true}) {
      if (centred && columns == 1) continue;
      const auto y = unit(GetParam(), x, columns, centred);
      for (std::size_t row = 0; row < x.size(); row += columns) {
        long double mean = 0.0L;
        for (std::size_t c = 0; centred && c < columns; ++c) {
          mean += (static_cast<long double>(x[row + c]) - static_cast<long double>(x[row])) /
                  static_cast<long double>(columns);
        }
        std::vector<long double> part(columns);
        long double squared = 0.0L;
        for (std::size_t c = 0; c < columns; ++c) {
          part[c] = static_cast<long double>(x[row + c]) - mean -
                    (centred ? static_cast<long double>(x[row]) : 0.0L);
          squared += part[c] * part[c];
        }
        for (std::size_t c = 0; c < columns; ++c) {
          const auto expected = static_cast<double>(part[c] / std::sqrt(squared));
          ASSERT_NEAR(double{y[row + c]}, expected, 0x1.001p-24 * std::abs(expected) + 1e-13)
              << "column " << c << " of " << columns << ", row " << row / columns
              << (centred ? ", centred" : "");
        }
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, UnitRows, every_way(), way_name);

TEST_P(UnitRows, AreThoseOfDoublePrecision) {
  for (const std::size_t rows : {1U, 9U, 130U}) {
    for (const std::size_t columns : {1U, 3U, 31U, 32U, 33U, 257U}) {
      // The second loses the digits of its spread in single precision, the third much in double.
      for (const float offset : {0.f, 1e4f, 0x1p22f}) {
        auto x = test::random_values(rows * columns, offset - 1.f, offset + 2.f);
        for (std::size_t r = 0; r < rows; ++r) x[r * columns] = offset - 2.f;  // no row is constant
        expect_unit(x, columns);
      }
    }
  }
}

TEST_P(UnitRows, AtAnyScale) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  constexpr float kSmallest = std::numeric_limits<float>::denorm_min();
  for (const float scale : {kSmallest * 1e3f, 1e-30f, 1e30f, kLargest}) {
    auto x = test::random_values(20 * 40, -1.f, 1.f);
    for (float& value : x) value *= scale;
    expect_unit(x, 40);
  }
  expect_unit({kSmallest, 0.f, 0.f, -kLargest, kLargest, kLargest, 1.f, 1e-30f, 1e30f}, 3);
  // The first value, of which others are measured, far from all others.
  std::vector<float> x = test::random_values(100, -1.f, 1.f);
  x[0] = 1e30f;
  expect_unit(x, 100);
}

TEST_P(UnitRows, HaveTheSameBitsEveryTime) {
  const auto x = test::random_values(300 * 77, -1.f, 1.f);
  for (const bool centred : {false, true}) {
    const auto first = unit(GetParam(), x, 77, centred);
    EXPECT_EQ(unit(GetParam(), x, 77, centred), first);
    EXPECT_EQ(unit(twin(), x, 77, centred), first);
  }
}

TEST_P(UnitRows, WithoutADirectionAreNotNumbers) {
  constexpr std::size_t kRow = 5;
  for (const std::size_t columns : {1U, 3U, 40U, 257U}) {
    // (A mean of so many tenths is none, by sums in double.)
    for (const float value : {0.f, -0.f, 0.1f, 1e30f}) {
      auto x = test::random_values(9 * columns, 1.f, 2.f);
      std::fill_n(x.begin() + static_cast<std::ptrdiff_t>(kRow * columns), columns, value);
      for (const bool centred : {false, true}) {
        const auto y = unit(GetParam(), x, columns, centred);
        for (std::size_t i = 0; i < y.size(); ++i) {
          const bool good =
              centred ? columns > 1 && i / columns != kRow : value != 0.f || i / columns != kRow;
          ASSERT_EQ(std::isfinite(y[i]), good) << value << ", value " << i << " of " << columns;
        }
      }
    }
  }
}

TEST_P(UnitRows, OfWhatIsNotFiniteShowIt) {
  for (const float value : {std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(), std::nanf("")}) {
    for (const std::size_t place : {80U, 83U, 119U}) {
      auto x = test::random_values(9 * 40, 1.f, 2.f);
      x[place] = value;
      for (const bool centred : {false, true}) {
        const auto y = unit(GetParam(), x, 40, centred);
        for (std::size_t r = 0; r < 9; ++r) {
          EXPECT_EQ(std::all_of(y.data() + r * 40, y.data() + (r + 1) * 40,
                                [](float each) { return std::isfinite(each); }),
                    r != 2);
        }
      }
    }
  }
}

class EqualRows : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, EqualRows, every_way(), way_name);

TEST_P(EqualRows, AreEqualInEveryValue) {
  for (const std::size_t columns : {1U, 31U, 32U, 33U, 257U}) {
    const auto x = test::random_values(20 * columns, -1.f, 1.f);
    // Row i of y is row i % 20 of x; every third but for a value.
    std::vector<float> y;
    for (std::size_t i = 0; i < 70; ++i) {
      const auto row = x.begin() + static_cast<std::ptrdiff_t>(i % 20 * columns);
      y.insert(y.end(), row, row + static_cast<std::ptrdiff_t>(columns));
      if (i % 3 == 0) y[i * columns + i * 7 % columns] += 1e-3f;
    }
    std::vector<std::uint32_t> of_x;
    std::vector<std::uint32_t> of_y;
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 70; i-- > 0;) {
      for (const std::uint32_t apart : {0U, 1U}) {
        of_x.push_back((i + apart) % 20);
        of_y.push_back(i);
        expected.push_back(apart == 0 && i % 3 != 0 ? 1 : 0);
      }
    }
    const auto device_x = to_device(x);
    const auto device_y = to_device(y);
    const auto device_of_x = to_device(of_x);
    const auto device_of_y = to_device(of_y);
    device::Buffer<std::uint32_t> equal(of_x.size());
    run([&] {
      kernels::equal_rows(stream(), device_x.data(), device_of_x.span(), device_y.data(),
                          device_of_y.span(), columns, equal.data());
    });
    ASSERT_EQ(to_host(equal), expected) << columns << " columns";
  }
}

TEST_P(EqualRows, ZerosOfBothSignsAreEqualAndNothingIsToNaN) {
  const auto x = to_device(std::vector<float>{0.f, std::nanf("")});
  const auto y = to_device(std::vector<float>{-0.f, std::nanf("")});
  const auto both = to_device(std::vector<std::uint32_t>{0, 1});
  device::Buffer<std::uint32_t> equal(2);
  run([&] {
    kernels::equal_rows(stream(), x.data(), both.span(), y.data(), both.span(), 1, equal.data());
  });
  EXPECT_EQ(to_host(equal), (std::vector<std::uint32_t>{1, 0}));
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
