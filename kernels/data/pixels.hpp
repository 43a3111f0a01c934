// Images in device memory as they were given: bytes, of which 255 is one, or floats.
#pragma once

#include <cstdint>

#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// (count, image size). One of `bytes` and `floats` is there.
struct Pixels {
  const std::uint8_t* bytes = nullptr;
  const float* floats = nullptr;
  std::uint32_t count = 0;
};

[[nodiscard]] HOURGLASS_HOST_DEVICE inline float to_unit(std::uint8_t pixel) {
  return static_cast<float>(pixel) / 255.f;
}
[[nodiscard]] HOURGLASS_HOST_DEVICE inline float to_unit(float pixel) {
  return pixel;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
