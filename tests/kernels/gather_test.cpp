#include "kernels/data/gather.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <random>
#include <type_traits>
#include <vector>

#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class Gather : public KernelTest {
 protected:
  static constexpr std::size_t kImages = 600;

  static kernels::Pixels pixels(const device::Buffer<std::uint8_t>& bytes) {
    return {.bytes = bytes.data()};
  }
  static kernels::Pixels pixels(const device::Buffer<float>& floats) {
    return {.floats = floats.data()};
  }

  /// Gathers `count` images of random pixels in every way of choosing them, and checks all pixels.
  template <class Pixel>
  void check(std::size_t count, std::size_t image_size) {
    std::mt19937 random(3);
    std::vector<Pixel> images(kImages * image_size);
    for (Pixel& pixel : images) pixel = static_cast<Pixel>(random() % 256);
    std::vector<std::uint64_t> order(kImages);
    for (std::uint64_t& key : order) key = std::uint64_t{random()} << 32 | random() % kImages;

    const auto device_images = to_device(images);
    const auto device_order = to_device(order);
    const auto device_position = to_device(std::vector<std::uint64_t>{40});
    for (const bool ordered : {false, true}) {
      for (const bool positioned : {false, true}) {
        for (const std::uint64_t first : {0U, 11U}) {
          const std::uint64_t start = first + (positioned ? 40 : 0);
          std::vector<float> expected;
          for (std::size_t r = 0; r < count; ++r) {
            const auto image = ordered ? order[start + r] % (std::uint64_t{1} << 32) : start + r;
            for (std::size_t i = 0; i < image_size; ++i) {
              const auto value = static_cast<float>(images[image * image_size + i]);
              expected.push_back(std::is_same_v<Pixel, float> ? value : value / 255.f);
            }
          }
          auto batch = output(count * image_size);
          run([&] {
            kernels::gather_images(stream(), pixels(device_images),
                                   {.order = ordered ? device_order.data() : nullptr,
                                    .position = positioned ? device_position.data() : nullptr,
                                    .first = first},
                                   count, image_size, batch.data());
          });
          ASSERT_EQ(written(batch), expected)
              << count << " images of " << image_size << (ordered ? ", ordered" : "")
              << (positioned ? ", positioned" : "") << ", first " << first;
        }
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Gather, every_way(), way_name);

TEST_P(Gather, BytesInEveryChoice) {
  for (const std::size_t image_size : {1U, 3U, 255U, 256U, 257U, 784U})
    check<std::uint8_t>(5, image_size);
  check<std::uint8_t>(1, 49);
  check<std::uint8_t>(500, 49);
}

TEST_P(Gather, FloatsInEveryChoice) {
  for (const std::size_t image_size : {1U, 257U, 784U}) check<float>(5, image_size);
  check<float>(500, 7);
}

TEST_P(Gather, EveryByteBecomesItsFraction) {
  std::vector<std::uint8_t> bytes(256);
  std::vector<float> expected(256);
  for (std::size_t i = 0; i < 256; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i);
    expected[i] = static_cast<float>(i) / 255.f;
  }
  const auto images = to_device(bytes);
  auto batch = output(256);
  run([&] { kernels::gather_images(stream(), pixels(images), {}, 1, 256, batch.data()); });
  EXPECT_EQ(written(batch), expected);
}

TEST_P(Gather, FloatsAreCopiedAsTheyAre) {
  const std::vector<float> values = {-0.f, 1e-45f, 1.f / 3.f, 1.f, 255.f, -7.5f, 3e38f};
  const auto images = to_device(values);
  auto batch = output(values.size());
  run([&] {
    kernels::gather_images(stream(), pixels(images), {}, 1, values.size(), batch.data());
  });
  const auto copied = written(batch);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(copied[i]), std::bit_cast<std::uint32_t>(values[i]));
  }
}

TEST_P(Gather, OrdersMoreImagesThan16BitsCount) {
  std::vector<std::uint8_t> images(70001, 0);
  images[70000] = 255;
  images[65536] = 51;
  const auto device_images = to_device(images);
  const auto order = to_device(std::vector<std::uint64_t>{~std::uint64_t{0} << 32 | 70000, 65536});
  auto batch = output(2);
  run([&] {
    kernels::gather_images(stream(), pixels(device_images), {.order = order.data()}, 2, 1,
                           batch.data());
  });
  EXPECT_EQ(written(batch), (std::vector<float>{1.f, 0.2f}));
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
