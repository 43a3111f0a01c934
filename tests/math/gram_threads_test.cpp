// Gram matrices on the CPU: the bytes of any number of threads.
#include <gtest/gtest.h>

#include <hourglass/device.hpp>
#include <vector>

#include "math/context.hpp"
#include "math/matrix.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

TEST(GramThreads, AnyNumberGivesTheSameBytes) {
  math::Context context(0);
  for (const std::size_t n : {50U, 128U, 300U}) {
    const std::size_t k = 2048;
    const auto a = test::random_values(n * k, -1.f, 1.f);
    std::vector<float> one;
    for (const int threads : {1, 2, 3, 8}) {
      set_cpu_threads(threads);
      std::vector<float> c(n * n);
      math::gram_product(context, math::Transpose::yes, n, k, a.data(), 0.f, c.data());
      if (threads == 1) one = c;
      EXPECT_EQ(c, one) << n << ", " << threads << " threads";
    }
  }
  set_cpu_threads(0);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
