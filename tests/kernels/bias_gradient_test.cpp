#include "kernels/layers/bias_gradient.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::ChannelShape;

class BiasGradient : public KernelTest {
 protected:
  std::vector<float> found(const std::vector<float>& dy, const ChannelShape& shape, Way way) {
    const auto device_dy = to_device(dy);
    auto partials = output(kernels::bias_partial_count(shape));
    auto dbias = output(shape.channels);
    run_as(way, [&] {
      kernels::bias_gradient(stream(), device_dy.data(), shape, partials.span(), dbias.data());
    });
    (void)written(partials);  // nothing beyond its end
    return written(dbias);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, BiasGradient, every_way(), way_name);

// Dense layers and convolutions, with one share of a channel and with many, odd sizes and the last
// layer's single channel.
TEST_P(BiasGradient, IsTheSumOfTheChannel) {
  for (const ChannelShape shape : {ChannelShape{1, 1},
                                   {1, 64},
                                   {2, 4},
                                   {64, 16},
                                   {100, 255},
                                   {512, 3},
                                   {513, 3},
                                   {2000, 2},
                                   {64, 5000},
                                   {3, 2, 60},
                                   {1, 5, 511},
                                   {1, 5, 513},
                                   {7, 1, 784},
                                   {64, 16, 49},
                                   {65, 3, 196},
                                   {5, 1, 131'073}}) {
    const auto dy = test::random_values(shape.batch * shape.channels * shape.inner, -1.f, 1.f, 3);
    const auto sums = found(dy, shape, GetParam());
    EXPECT_EQ(sums, found(dy, shape, twin())) << "the order is fixed";
    for (std::size_t c = 0; c < shape.channels; ++c) {
      double expected = 0.0;
      for (std::size_t n = 0; n < shape.batch; ++n) {
        for (std::size_t i = 0; i < shape.inner; ++i) {
          expected += double{dy[(n * shape.channels + c) * shape.inner + i]};
        }
      }
      // Rounding walks at random; one thread that sums a share of 512 alone, up to 20 or so, loses
      // half units of 1e-6 at a time.
      const auto values = static_cast<double>(shape.batch * shape.inner);
      ASSERT_NEAR(sums[c], expected, 1.5e-6 * std::sqrt(values))
          << shape.batch << " x " << shape.channels << " x " << shape.inner << ", channel " << c;
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
