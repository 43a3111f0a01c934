#include "kernels/layers/upsample.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Upsample : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, Upsample, every_way(), way_name);

constexpr Planes kPlanes[] = {
    {1, 2, 2, 1},    {3, 4, 6, 1},    {2, 6, 10, 3},                      // odd coarse sides
    {5, 28, 28, 1},  {2, 14, 14, 16},                                     // the model's
    {1, 2, 510, 1},  {1, 512, 2, 1},  {257, 2, 2, 2},                     // 255, 256, 257 windows
    {65, 18, 14, 1}, {1, 2, 8190, 1}, {2, 128, 64, 1}, {17, 2, 482, 1}};  // and 4095, 4096, 4097

std::size_t coarse_size(const Planes& fine) {
  return fine.size() / 4;
}

/// Calls work(coarse index, the four fine indices in row-major order) for every value.
template <class Work>
void for_each_window(const Planes& p, const Work& work) {
  std::size_t coarse = 0;
  for (std::size_t image = 0; image < p.outer; ++image) {
    for (std::size_t row = 0; row < p.height / 2; ++row) {
      for (std::size_t column = 0; column < p.width / 2; ++column) {
        for (std::size_t c = 0; c < p.inner; ++c) {
          const auto fine = [&](std::size_t y, std::size_t x) {
            return ((image * p.height + 2 * row + y) * p.width + 2 * column + x) * p.inner + c;
          };
          work(coarse++, fine(0, 0), fine(0, 1), fine(1, 0), fine(1, 1));
        }
      }
    }
  }
}

TEST_P(Upsample, ForwardRepeatsEachValueFourTimes) {
  for (const Planes& planes : kPlanes) {
    const auto x = test::random_values(coarse_size(planes), -1.f, 1.f);
    std::vector<float> expected(planes.size());
    for_each_window(planes, [&](std::size_t from, auto... to) {
      for (const std::size_t i : {to...}) expected[i] = x[from];
    });
    const auto device_x = to_device(x);
    auto y = output(planes.size());
    run([&] { kernels::upsample_forward(stream(), device_x.data(), planes, y.data()); });
    ASSERT_EQ(written(y), expected);
  }
}

TEST_P(Upsample, BackwardAddsTheFourGradientsInOrder) {
  for (const Planes& planes : kPlanes) {
    for (const bool relu : {false, true}) {
      auto x = test::random_values(coarse_size(planes), -1.f, 1.f);
      for (std::size_t i = 0; i < x.size(); i += 3) x[i] = i % 2 == 0 ? 0.f : 1e-40f;
      auto dy = test::random_values(planes.size(), -1.f, 1.f, 2);
      for (float& value : dy) value *= value * value;  // so that additions round
      std::vector<float> expected(x.size());
      for_each_window(planes, [&](std::size_t to, std::size_t i00, std::size_t i01, std::size_t i10,
                                  std::size_t i11) {
        expected[to] = !relu || x[to] > 0.f ? dy[i00] + dy[i01] + dy[i10] + dy[i11] : 0.f;
      });
      const auto device_x = to_device(x);
      const auto device_dy = to_device(dy);
      auto dx = output(x.size());
      run([&] {
        kernels::upsample_backward(stream(), device_dy.data(), device_x.data(), relu, planes,
                                   dx.data());
      });
      ASSERT_EQ(written(dx), expected);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
