// Images in device memory as they were given, bytes or floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/images.hpp>
#include <span>
#include <variant>

#include "device/buffer.hpp"
#include "kernels/data/pixels.hpp"

namespace hourglass::HOURGLASS_TARGET {

class DeviceImages {
 public:
  DeviceImages(const device::Stream& stream, const Images& images) : count_(images.count()) {
    if (const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&images.pixels())) {
      bytes_ = device::to_device<std::uint8_t>(stream, *bytes);
    } else {
      floats_ = device::to_device<float>(stream, std::get<std::span<const float>>(images.pixels()));
    }
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] kernels::Pixels view() const {
    return {bytes_.data(), floats_.data(), static_cast<std::uint32_t>(count_)};
  }

 private:
  std::size_t count_;
  device::Buffer<std::uint8_t> bytes_;
  device::Buffer<float> floats_;
};

}  // namespace hourglass::HOURGLASS_TARGET
