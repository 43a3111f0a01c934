// What a transform of lines looks up: turns and places, for one length at a time.
#pragma once

#include <cstdint>

#include "device/buffer.hpp"
#include "kernels/fft/line.hpp"

namespace hourglass::HOURGLASS_TARGET {

struct LineTables {
  /// Of this length, of fft::kLines; Error for another.
  fft::Line load(const device::Stream& stream, std::uint32_t length);

  std::uint32_t length = 0;
  device::Buffer<Complex> turns;
  device::Buffer<std::uint32_t> place;
};

}  // namespace hourglass::HOURGLASS_TARGET
