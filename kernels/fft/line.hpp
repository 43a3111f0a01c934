// What a kernel must know to transform lines of one length.
#pragma once

#include <cstdint>

#include "kernels/fft/sides.hpp"
#include "kernels/simt/complex.hpp"
#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::fft {

struct Line {
  std::uint32_t length;
  Radices radices;
  const Complex* turns;        ///< (length): exp(-2 pi i t / length)
  const std::uint32_t* place;  ///< (length): where frequency k lies (line.cuh)
};

/// Where a position lies in shared memory: after every sixteen there is a gap, or steps of a power
/// of two would meet in one bank or cache set. Of a length: the room it takes.
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint32_t padded(std::uint32_t position) {
  return position + position / 16;
}

/// The place of frequency k.
[[nodiscard]] constexpr std::uint32_t place_of(const Radices& r, std::uint32_t k) {
  const std::uint32_t k1 = k / r.first % r.middle;
  const std::uint32_t k2 = k / (r.first * r.middle);
  return k % r.first * (r.middle * r.last) + k1 * r.last + k2;
}

}  // namespace hourglass::HOURGLASS_TARGET::fft
