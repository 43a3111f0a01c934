#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/columns/centre.hpp"
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

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
