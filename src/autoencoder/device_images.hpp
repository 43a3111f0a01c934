// Images in device memory as they were given, bytes or floats, from which batches are gathered.
#pragma once

#include <cstddef>
#include <type_traits>
#include <variant>

#include "autoencoder/engine.hpp"
#include "device/buffer.hpp"
#include "kernels/data/gather.hpp"

namespace hourglass::HOURGLASS_TARGET {

class DeviceImages {
 public:
  DeviceImages(const device::Stream& stream, const Images& images)
      : count_(images.count()),
        pixels_(std::visit([&]<class Pixel>(std::span<const Pixel> values)
                               -> Pixels { return device::to_device<Pixel>(stream, values); },
                           images.pixels())) {}

  [[nodiscard]] std::size_t count() const { return count_; }

  void gather(device::Stream& stream, kernels::Selection selection, std::size_t count,
              std::size_t image_size, float* batch) const {
    std::visit(
        [&](const auto& pixels) {
          kernels::gather_images(stream, pixels.data(), selection, count, image_size, batch);
        },
        pixels_);
  }

 private:
  using Pixels = std::variant<device::Buffer<std::uint8_t>, device::Buffer<float>>;

  std::size_t count_;
  Pixels pixels_;
};

}  // namespace hourglass::HOURGLASS_TARGET
