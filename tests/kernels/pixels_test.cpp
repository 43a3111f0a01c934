// Pixels to [0, 1] without a division, and into lanes.
#include "kernels/data/pixels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/fused/lines.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

/// A float whose products and sums are rounded as a * b + c is with one rounding for all of it,
/// which compilers may choose, whichever product they choose for it.
struct Fused {
  float value;
  float with = 1.f;  ///< of value * with, not rounded

  explicit Fused(float v) : value(v) {}
  Fused(float v, float w) : value(v), with(w) {}
};
Fused operator*(Fused a, Fused b) {
  return {a.value, b.value};
}
Fused operator+(Fused a, Fused b) {
  return Fused(std::fma(b.value, b.with, a.value * a.with));
}

TEST(Pixels, AByteIsTheQuotientToTheBit) {
  for (int byte = 0; byte < 256; ++byte) {
    const volatile float divisor = 255.f;
    const float expected = static_cast<float>(byte) / divisor;
    EXPECT_EQ(to_unit(static_cast<std::uint8_t>(byte)), expected) << byte;
    EXPECT_EQ(unit_of(Fused(static_cast<float>(byte))).value, expected) << byte;
    const volatile float high = static_cast<float>(byte) * 0x1.01p-8f;
    const volatile float low = static_cast<float>(byte) * 0x1.010102p-24f;
    EXPECT_EQ(high + low, expected) << byte << ", without fused multiply-adds";
  }
}

/// Lines of all widths, of all numbers of images.
template <class T, int n>
void expect_lines_in_lanes() {
  constexpr int kMost = 37;
  std::vector<T> pixels(n * kMost);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<T>((i * 37 + 11) % 251);
  for (int width = 1; width <= kMost; ++width) {
    for (int count = 1; count <= n; ++count) {
      // Of the exact size, so that ASan sees a step beyond it.
      std::vector<std::vector<T>> images;
      const T* from[n];
      for (int lane = 0; lane < n; ++lane) {
        images.emplace_back(pixels.begin() + lane * kMost, pixels.begin() + lane * kMost + width);
      }
      for (int lane = 0; lane < n; ++lane) {
        from[lane] = images[static_cast<std::size_t>(lane < count ? lane : 0)].data();
      }
      std::vector<lanes::Vector<n>> to(static_cast<std::size_t>(width), lanes::Vector<n>(-1.f));
      fused::detail::load_line(from, count, width, to.data());
      for (int x = 0; x < width; ++x) {
        for (int lane = 0; lane < n; ++lane) {
          const float expected =
              lane < count ? to_unit(pixels[static_cast<std::size_t>(lane * kMost + x)]) : 0.f;
          ASSERT_EQ(lanes::lane_of(to[static_cast<std::size_t>(x)], lane), expected)
              << "pixel " << x << " of " << width << ", image " << lane << " of " << count;
        }
      }
    }
  }
}

TEST(Pixels, LinesComeIntoLanes) {
  expect_lines_in_lanes<std::uint8_t, 4>();
  expect_lines_in_lanes<float, 4>();
  expect_lines_in_lanes<std::uint8_t, lanes::kWidestLanes>();
  expect_lines_in_lanes<float, lanes::kWidestLanes>();
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::kernels
