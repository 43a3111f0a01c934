#include <gtest/gtest.h>

#include <hourglass/error.hpp>
#include <hourglass/metrics.hpp>
#include <vector>

namespace hourglass {
namespace {

TEST(Metrics, SquaredErrorsAreMeansOfRows) {
  const Array<float> a({2, 3}, {0, 1, 2, 3, 4, 5});
  const Array<float> b({2, 3}, {0, 1, 5, 2, 4, 5});
  EXPECT_EQ(squared_errors(a, b).values, (std::vector<float>{3.f, 1.f / 3.f}));
  EXPECT_DOUBLE_EQ(mean_squared_error(a, b), 10.0 / 6.0);
  EXPECT_THROW((void)squared_errors(a, Array<float>({3, 2})), Error);
  EXPECT_THROW((void)mean_squared_error(Array<float>({0, 3}), Array<float>({0, 3})), Error);
}

TEST(Metrics, RocAucCountsPairs) {
  const std::vector<float> low{1, 2, 3}, high{4, 5}, mixed{2, 2, 9};
  EXPECT_EQ(roc_auc(low, high), 1.0);
  EXPECT_EQ(roc_auc(high, low), 0.0);
  EXPECT_EQ(roc_auc(low, low), 0.5);
  EXPECT_DOUBLE_EQ(roc_auc(low, mixed), (1.5 + 1.5 + 3.0) / 9.0);
  EXPECT_THROW((void)roc_auc({}, high), Error);
  EXPECT_THROW((void)roc_auc(low, {}), Error);
}

}  // namespace
}  // namespace hourglass
