#include "kernels/layers/dense.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class DenseKernels : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, DenseKernels, every_way(), way_name);

TEST_P(DenseKernels, BiasGradientIsTheSumOfTheRows) {
  for (const std::size_t batch : {1U, 2U, 64U, 100U}) {
    for (const std::size_t outputs : {1U, 4U, 16U, 255U, 257U, 5000U}) {
      const auto dy = test::random_values(batch * outputs, -1.f, 1.f);
      const auto device_dy = to_device(dy);
      auto dbias = output(outputs);
      run([&] {
        kernels::bias_gradient(stream(), device_dy.data(), batch, outputs, dbias.data());
      });
      const auto found = written(dbias);
      for (std::size_t o = 0; o < outputs; ++o) {
        double expected = 0.0;
        for (std::size_t row = 0; row < batch; ++row) expected += double{dy[row * outputs + o]};
        ASSERT_NEAR(found[o], expected, 1e-5) << batch << " rows, output " << o;
      }
    }
  }
}

TEST_P(DenseKernels, SwapInnerTransposesEachImage) {
  struct Size {
    std::size_t batch, outer, inner;
  };
  for (const Size size :
       {Size{1, 1, 1}, {3, 49, 8}, {3, 8, 49}, {2, 1, 300}, {65, 300, 1}, {2, 33, 31}}) {
    const auto x = test::random_values(size.batch * size.outer * size.inner, -1.f, 1.f);
    const auto device_x = to_device(x);
    auto y = output(x.size());
    run([&] {
      kernels::swap_inner(stream(), device_x.data(), size.batch, size.outer, size.inner, y.data());
    });
    const auto found = written(y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t image = i / (size.outer * size.inner);
      const std::size_t o = i / size.inner % size.outer;
      const std::size_t inner = i % size.inner;
      ASSERT_EQ(found[(image * size.inner + inner) * size.outer + o], x[i]) << i;
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
