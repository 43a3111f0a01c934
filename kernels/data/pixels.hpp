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

/// byte / 255, to the bit, for the 256 whole numbers a byte can be (of F: float or a vector of
/// them), without a division. 1/255 is two floats: the first is so short that its product is exact,
/// the second so small that its product's rounding is far below a result's last bit.
template <class F>
[[nodiscard]] HOURGLASS_HOST_DEVICE inline F unit_of(F byte) {
  return byte * F(0x1.01p-8f) + byte * F(0x1.010102p-24f);
}

[[nodiscard]] HOURGLASS_HOST_DEVICE inline float to_unit(std::uint8_t pixel) {
  return unit_of(static_cast<float>(pixel));
}
[[nodiscard]] HOURGLASS_HOST_DEVICE inline float to_unit(float pixel) {
  return pixel;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
