#include "kernels/layers/activation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <span>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Activation : public KernelTest {
 protected:
  /// `values` with a tail that in-place kernels must leave alone.
  device::Buffer<float> in_place(std::vector<float> values) {
    values.resize(values.size() + kTail, kPoison);
    return to_device(values);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Activation, every_way(), way_name);

constexpr std::size_t kSizes[] = {1, 31, 255, 256, 257, 4095, 4096, 4097, 12345};

TEST_P(Activation, ReluBackwardStopsWhereTheOutputIsZero) {
  const std::size_t more_than_threads = 2112 * 256 + 3;  // in the largest grid of either target
  std::vector<std::size_t> sizes(std::begin(kSizes), std::end(kSizes));
  sizes.push_back(more_than_threads);
  for (const std::size_t size : sizes) {
    auto y = test::random_values(size, -1.f, 1.f);
    for (std::size_t i = 0; i < size; i += 4) {
      constexpr float kEdges[] = {0.f, -0.f, std::numeric_limits<float>::denorm_min(), 1e30f};
      y[i] = kEdges[i / 4 % 4];
    }
    const auto dy = test::random_values(size, -2.f, 2.f, 2);
    std::vector<float> expected(size);
    for (std::size_t i = 0; i < size; ++i) expected[i] = y[i] > 0.f ? dy[i] : 0.f;
    const auto device_y = to_device(y);
    auto gradient = in_place(dy);
    run([&] { kernels::relu_backward(stream(), device_y.span(), gradient.span().first(size)); });
    ASSERT_EQ(written(gradient), expected);
    ASSERT_EQ(to_host(device_y), y);
  }
}

TEST_P(Activation, SigmoidIsThatOfDoublePrecision) {
  for (const std::size_t size : kSizes) {
    const auto z = test::random_values(size, -20.f, 20.f);
    auto values = in_place(z);
    run([&] { kernels::sigmoid(stream(), values.span().first(size)); });
    const auto p = written(values);
    for (std::size_t i = 0; i < size; ++i) {
      const double expected = reference::sigmoid(z[i]);
      ASSERT_NEAR(p[i], expected, 4e-7 * expected) << "sigmoid(" << z[i] << ")";
    }
  }
}

TEST_P(Activation, SigmoidSurvivesExtremes) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> z = {0.f,   -0.f,   1e-30f, -1e-30f, 87.f, -87.f, 89.f,      -89.f,
                                100.f, -100.f, 1e30f,  -1e30f,  17.f, -17.f, kInfinity, -kInfinity};
  auto values = in_place(z);
  run([&] { kernels::sigmoid(stream(), values.span().first(z.size())); });
  const auto p = written(values);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double expected = reference::sigmoid(z[i]);
    // The smallest normal number: what is below it may be flushed to zero.
    ASSERT_NEAR(p[i], expected, 4e-7 * expected + 1.2e-38) << "sigmoid(" << z[i] << ")";
    ASSERT_GE(p[i], 0.f);
    ASSERT_LE(p[i], 1.f);
  }
  EXPECT_EQ(p[0], 0.5f);
  EXPECT_EQ(p[1], 0.5f);
  EXPECT_EQ(p[8], 1.f);
  EXPECT_LT(p[9], 1e-37f);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
