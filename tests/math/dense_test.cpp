#include "math/dense.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class DenseForward : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(LibraryWays, DenseForward, library_ways(), way_name);

TEST_P(DenseForward, IsThatOfDoublePrecision) {
  for (const math::DenseShape shape : {math::DenseShape{1, 1, 1},
                                       {1, 64, 16},
                                       {1, 4, 16},
                                       {7, 3, 5},
                                       {64, 784, 30},
                                       {100, 33, 1}}) {
    const auto x = test::random_values(shape.batch * shape.inputs, -1.f, 1.f);
    const auto weight = test::random_values(shape.outputs * shape.inputs, -1.f, 1.f, 2);
    const auto bias = test::random_values(shape.outputs, -1.f, 1.f, 3);
    const auto in_double = [](const std::vector<float>& v) {
      return reference::Values(v.begin(), v.end());
    };
    const auto linear = reference::dense(in_double(x), in_double(weight), in_double(bias));
    const auto device_x = to_device(x), device_weight = to_device(weight),
               device_bias = to_device(bias);
    for (const bool relu : {false, true}) {
      math::Dense dense(context(), shape, relu);
      auto y = output(shape.batch * shape.outputs);
      const auto forward = [&] {
        dense.forward(context(), device_x.data(), device_weight.data(), device_bias.data(),
                      y.data());
      };
      forward();  // once before it is recorded: libraries allocate in their first call
      run(forward);
      const auto found = written(y);
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double expected = relu ? std::max(linear[i], 0.0) : linear[i];
        ASSERT_NEAR(found[i], expected, 2e-6 * static_cast<double>(shape.inputs)) << i;
      }
    }
  }
}

// A training that diverged must show.
TEST_P(DenseForward, KeepsNaN) {
  const auto x = to_device(std::vector<float>{std::numeric_limits<float>::quiet_NaN(), 1.f});
  const auto weight = to_device(std::vector<float>{1.f, 2.f, 3.f, 4.f});
  const auto bias = to_device(std::vector<float>{0.f, 0.f});
  for (const bool relu : {false, true}) {
    math::Dense dense(context(), {1, 2, 2}, relu);
    auto y = output(2);
    dense.forward(context(), x.data(), weight.data(), bias.data(), y.data());
    for (const float value : written(y)) EXPECT_TRUE(std::isnan(value) || (kOnCuda && relu));
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
