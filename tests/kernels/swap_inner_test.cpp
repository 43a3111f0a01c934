#include "kernels/layers/swap_inner.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class SwapInner : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, SwapInner, every_way(), way_name);

TEST_P(SwapInner, TransposesEachImage) {
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
