#include "kernels/data/shuffle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "math/sort.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Keys = std::vector<std::uint64_t>;

class Shuffle : public KernelTest {
 protected:
  static constexpr std::uint64_t kUnwritten = ~std::uint64_t{0};

  device::Buffer<std::uint64_t> unwritten(std::size_t size) {
    return to_device(Keys(size, kUnwritten));
  }
  Keys draw(std::uint64_t seed, std::uint64_t epoch, std::size_t size) {
    auto keys = unwritten(size + kTail);
    run([&] { kernels::draw_shuffle_keys(stream(), seed, epoch, keys.span().first(size)); });
    Keys drawn = to_host(keys);
    EXPECT_EQ(std::count(drawn.end() - kTail, drawn.end(), kUnwritten), kTail);
    drawn.resize(size);
    return drawn;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Shuffle, every_way(), way_name);

std::uint32_t low(std::uint64_t key) {
  return static_cast<std::uint32_t>(key);
}
std::uint32_t high(std::uint64_t key) {
  return static_cast<std::uint32_t>(key >> 32U);
}

TEST_P(Shuffle, LowHalfIsTheImage) {
  for (const std::size_t size : {1U, 255U, 256U, 257U, 4097U, 10000U}) {
    const Keys keys = draw(42, 3, size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(low(keys[i]), i);
  }
}

TEST_P(Shuffle, HighHalfIsAFunctionOfSeedEpochAndImage) {
  const Keys keys = draw(42, 3, 1000);
  EXPECT_EQ(draw(42, 3, 1000), keys);
  const Keys fewer = draw(42, 3, 300);
  EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), keys.begin()));
  // Other seeds and epochs give other numbers, also where only the upper half of their bits
  // differs.
  const std::uint64_t far = std::uint64_t{1} << 32;
  for (const Keys& other : {draw(43, 3, 1000), draw(42 + far, 3, 1000), draw(42, 4, 1000),
                            draw(42, 3 + far, 1000), draw(3, 42, 1000)}) {
    std::size_t same = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) same += high(other[i]) == high(keys[i]) ? 1 : 0;
    EXPECT_LE(same, 1U);
  }
}

/// Which images an epoch sees in which order must not change from one version or target to another.
TEST_P(Shuffle, IsTheSameEverywhere) {
  const Keys keys = draw(42, 3, 3);
  EXPECT_EQ(keys, (Keys{0xcea3b2af00000000, 0x59124a2400000001, 0x3760b29100000002}));
}

TEST_P(Shuffle, SortedKeysAreAPermutation) {
  const std::size_t size = 10000;
  auto keys = unwritten(size);
  run([&] { kernels::draw_shuffle_keys(stream(), 7, 1, keys.span()); });
  math::sort_keys(context(), keys.span());
  std::vector<std::uint32_t> images;
  for (const std::uint64_t key : to_host(keys)) images.push_back(low(key));
  EXPECT_FALSE(std::is_sorted(images.begin(), images.end()));
  std::sort(images.begin(), images.end());
  std::vector<std::uint32_t> all(size);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(images, all);
}

TEST_P(Shuffle, EveryImageComesAnywhereEquallyOften) {
  constexpr std::size_t kImages = 50;
  constexpr std::size_t kEpochs = 2000;
  auto keys = unwritten(kEpochs * kImages);
  run([&] {
    for (std::size_t epoch = 0; epoch < kEpochs; ++epoch) {
      kernels::draw_shuffle_keys(stream(), 1, epoch, keys.span().subspan(epoch * kImages, kImages));
    }
  });
  const Keys drawn = to_host(keys);
  std::vector<std::vector<double>> seen(kImages, std::vector<double>(kImages));
  for (std::size_t epoch = 0; epoch < kEpochs; ++epoch) {
    Keys order(drawn.begin() + static_cast<std::ptrdiff_t>(epoch * kImages),
               drawn.begin() + static_cast<std::ptrdiff_t>((epoch + 1) * kImages));
    std::sort(order.begin(), order.end());
    for (std::size_t place = 0; place < kImages; ++place) seen[low(order[place])][place] += 1;
  }
  // Chi-square with 49 degrees of freedom: 49 on average, with a deviation of 9.9.
  constexpr double kExpected = double{kEpochs} / kImages;
  for (std::size_t image = 0; image < kImages; ++image) {
    double chi_square = 0;
    for (const double count : seen[image]) {
      chi_square += (count - kExpected) * (count - kExpected) / kExpected;
    }
    EXPECT_LT(chi_square, 49 + 5 * 9.9) << "image " << image;
    EXPECT_GT(chi_square, 49 - 4 * 9.9) << "image " << image;
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
