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

/// Makes room for `size` values; what was there is lost if there was none. Half as much again, for
/// a map that grows will ask again.
template <class T>
bool make_room(device::Buffer<T>& buffer, std::size_t size) {
  if (buffer.size() >= size) return false;
  buffer = {};  // gives its memory back before the next is taken
  buffer = device::Buffer<T>(size + size / 2);
  return true;
}

}  // namespace hourglass::HOURGLASS_TARGET
