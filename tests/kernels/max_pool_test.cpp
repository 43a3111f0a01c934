#include "kernels/layers/max_pool.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class MaxPool : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, MaxPool, every_way(), way_name);

/// Few distinct values, so that windows have ties, at 0 too.
std::vector<float> values_with_ties(std::size_t size) {
  std::mt19937 random(7);
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(random() % 5) - 2.f;
  return values;
}

/// Where window (row, column) of an image's inner value c has its first maximum: index into x.
std::size_t winner(const std::vector<float>& x, const Planes& p, std::size_t image, std::size_t row,
                   std::size_t column, std::size_t c) {
  const auto at = [&](std::size_t y, std::size_t z) {
    return ((image * p.height + y) * p.width + z) * p.inner + c;
  };
  std::size_t best = at(2 * row, 2 * column);
  for (const std::size_t i : {at(2 * row, 2 * column + 1), at(2 * row + 1, 2 * column),
                              at(2 * row + 1, 2 * column + 1)}) {
    if (x[i] > x[best]) best = i;
  }
  return best;
}

constexpr Planes kShapes[] = {
    {1, 2, 2, 1},   {3, 4, 6, 1},    {2, 5, 7, 3},  {3, 4, 5, 2},  // odd edges
    {5, 28, 28, 1}, {2, 14, 14, 16}, {70, 3, 2, 8},  // the model's, and more images than blocks
};

TEST_P(MaxPool, ForwardTakesTheMaximum) {
  for (const Planes& planes : kShapes) {
    const auto x = values_with_ties(planes.size());
    const std::size_t rows = planes.height / 2;
    const std::size_t columns = planes.width / 2;
    const auto device_x = to_device(x);
    auto device_y = poisoned(planes.outer * rows * columns * planes.inner);
    run([&] { kernels::max_pool_forward(stream(), device_x.data(), planes, device_y.data()); });
    const auto y = to_host(device_y);
    std::size_t i = 0;
    for (std::size_t image = 0; image < planes.outer; ++image) {
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column) {
          for (std::size_t c = 0; c < planes.inner; ++c) {
            ASSERT_EQ(y[i++], x[winner(x, planes, image, row, column, c)]);
          }
        }
      }
    }
  }
}

TEST_P(MaxPool, BackwardGoesToTheFirstMaximum) {
  for (const Planes& planes : kShapes) {
    for (const bool relu : {false, true}) {
      const auto x = values_with_ties(planes.size());
      const std::size_t rows = planes.height / 2;
      const std::size_t columns = planes.width / 2;
      std::vector<float> y(planes.outer * rows * columns * planes.inner);
      std::vector<float> dy(y.size());
      std::vector<float> expected(x.size(), 0.f);
      std::size_t i = 0;
      for (std::size_t image = 0; image < planes.outer; ++image) {
        for (std::size_t row = 0; row < rows; ++row) {
          for (std::size_t column = 0; column < columns; ++column) {
            for (std::size_t c = 0; c < planes.inner; ++c, ++i) {
              const std::size_t best = winner(x, planes, image, row, column, c);
              y[i] = x[best];
              dy[i] = static_cast<float>(i % 17) + 0.5f;
              if (!relu || x[best] > 0.f) expected[best] = dy[i];
            }
          }
        }
      }
      const auto device_x = to_device(x);
      const auto device_y = to_device(y);
      const auto device_dy = to_device(dy);
      auto dx = poisoned(x.size());
      run([&] {
        kernels::max_pool_backward(stream(), device_x.data(), device_y.data(), device_dy.data(),
                                   relu, planes, dx.data());
      });
      ASSERT_EQ(to_host(dx), expected);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
