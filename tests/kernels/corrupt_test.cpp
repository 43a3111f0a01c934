// The kernel against the same corruption made on the host, and that against what noise and patches
// are.
#include "kernels/data/corrupt.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <hourglass/corruption.hpp>
#include <hourglass/error.hpp>
#include <set>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr ImageShape kShape{2, 9, 13};
constexpr std::size_t kCount = 21;
constexpr std::uint64_t kSeed = 8;

class CorruptKernel : public KernelTest {
 protected:
  std::vector<float> corrupted(const std::vector<float>& images, const Corruption& corruption,
                               std::uint64_t number, const std::uint64_t* step,
                               std::uint64_t first) {
    const auto from = to_device(images);
    auto to = output(images.size());
    run([&] {
      kernels::corrupt_images(stream(),
                              {.noise = static_cast<float>(corruption.noise),
                               .patch = static_cast<std::uint32_t>(corruption.patch),
                               .height = static_cast<std::uint32_t>(kShape.height),
                               .width = static_cast<std::uint32_t>(kShape.width)},
                              {kSeed, number}, step, first, from.data(),
                              images.size() / kShape.size(), kShape.size(), to.data());
    });
    return written(to);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, CorruptKernel, every_way(), way_name);

TEST_P(CorruptKernel, IsWhatTheHostMakes) {
  const Array<float> images({kCount, kShape.size()},
                            test::random_values(kCount * kShape.size(), 0.f, 1.f));
  for (const Corruption& corruption :
       {Corruption{}, Corruption{.noise = 0.3}, Corruption{.patch = 4},
        Corruption{.noise = 2.0, .patch = 9}}) {
    const auto expected = corrupt(images, kShape, corruption, kSeed).images;
    const auto found = corrupted(images.values, corruption,
                                 stream_number(RandomStream::held_out_corruption), nullptr, 0);
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected.values[i], 1e-5) << i;
    }
    // Later rows of the stream are the same when they come first in a batch.
    const auto row = images.row(5);
    const auto alone = corrupted({row.begin(), row.end()}, corruption,
                                 stream_number(RandomStream::held_out_corruption), nullptr, 5);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      ASSERT_EQ(alone[i], found[5 * kShape.size() + i]) << i;
    }
  }
}

TEST_P(CorruptKernel, StepsDiffer) {
  const std::vector<float> images(kShape.size(), 0.5f);
  const Corruption corruption{.noise = 0.1};
  std::set<std::vector<float>> seen;
  for (std::uint64_t step = 0; step < 3; ++step) {
    const auto on_device = to_device(std::vector<std::uint64_t>{step});
    const auto found = corrupted(
        images, corruption, stream_number(RandomStream::training_corruption), on_device.data(), 0);
    EXPECT_EQ(found, corrupted(images, corruption,
                               stream_number(RandomStream::training_corruption, step), nullptr, 0));
    seen.insert(found);
  }
  EXPECT_EQ(seen.size(), 3U);
}

// ---- what it is --------------------------------------------------------------------------------

TEST(Corrupt, NoiseIsNormalAndCut) {
  constexpr ImageShape kLarge{1, 100, 100};
  const Array<float> grey({4, 1, 100, 100}, std::vector<float>(40000, 0.5f));
  const auto noisy = corrupt(grey, kLarge, {.noise = 0.05}, 1).images;  // too little to be cut
  double mean = 0.0, square = 0.0;
  std::size_t within = 0;
  for (const float value : noisy.values) {
    const double z = (double{value} - 0.5) / 0.05;
    mean += z / 40000.0;
    square += z * z / 40000.0;
    within += std::abs(z) < 1.0 ? 1 : 0;
  }
  EXPECT_NEAR(mean, 0.0, 4.0 / 200.0);  // four standard errors
  EXPECT_NEAR(square, 1.0, 4.0 * std::sqrt(2.0) / 200.0);
  EXPECT_NEAR(static_cast<double>(within) / 40000.0, 0.6827, 0.01);
  for (const float value : corrupt(grey, kLarge, {.noise = 5.0}, 1).images.values) {
    ASSERT_TRUE(value >= 0.f && value <= 1.f);
  }
  EXPECT_NE(corrupt(grey, kLarge, {.noise = 0.05}, 2).images.values, noisy.values);
}

TEST(Corrupt, APatchIsASquareOfZerosAnywhere) {
  constexpr ImageShape kSmall{2, 6, 5};
  constexpr std::size_t kSide = 3;
  const Array<float> white({500, 2, 6, 5}, std::vector<float>(500 * kSmall.size(), 1.f));
  const auto blanked = corrupt(white, kSmall, {.patch = kSide}, 3);
  std::set<std::pair<std::uint32_t, std::uint32_t>> corners;
  for (std::size_t n = 0; n < 500; ++n) {
    const std::uint32_t row = blanked.corners.row(n)[0];
    const std::uint32_t column = blanked.corners.row(n)[1];
    corners.insert({row, column});
    for (std::size_t i = 0; i < kSmall.size(); ++i) {
      const std::size_t y = i / 5 % 6, x = i % 5;
      const bool inside = y >= row && y < row + kSide && x >= column && x < column + kSide;
      ASSERT_EQ(blanked.images.row(n)[i], inside ? 0.f : 1.f) << n << " " << i;
    }
  }
  EXPECT_EQ(corners.size(), 4U * 3U);  // every place there is
}

TEST(Corrupt, WhatCannotBeIsRefused) {
  const Array<float> images({1, 6, 5});
  EXPECT_THROW((void)corrupt(images, {1, 6, 5}, {.patch = 6}, 0), Error);
  EXPECT_THROW((void)corrupt(images, {1, 6, 5}, {.noise = -1.0}, 0), Error);
  EXPECT_THROW((void)corrupt(images, {1, 6, 5}, {.noise = NAN}, 0), Error);
  EXPECT_THROW((void)corrupt(images, {1, 6, 6}, {}, 0), Error);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
