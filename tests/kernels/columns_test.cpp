#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/columns/centre.hpp"
#include "kernels/columns/facts.hpp"
#include "kernels/columns/means.hpp"
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

constexpr std::size_t kRows[] = {1, 255, 256, 257, 513, 1000};
constexpr std::size_t kColumns[] = {1, 3, 255, 256, 257, 300};

TEST_P(Columns, RowsComeInGroups) {
  for (const std::size_t rows : kRows) {
    const std::size_t groups = kernels::column_sum_groups(rows);
    EXPECT_GE(groups, 1U);
    EXPECT_LE(groups, rows);
  }
}

TEST_P(Columns, MeansAreThoseOfDoublePrecision) {
  for (const std::size_t rows : kRows) {
    for (const std::size_t columns : kColumns) {
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
    for (const std::size_t columns : kColumns) {
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

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
