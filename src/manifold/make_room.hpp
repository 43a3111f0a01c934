// Memory that grows with a map.
#pragma once

#include <cstddef>

#include "device/buffer.hpp"

namespace hourglass::HOURGLASS_TARGET {

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
