// element_count for shapes that come out of a file, where the product may overflow.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>

namespace hourglass::files {

/// The number of values, or nothing if a count of elements of `element_size` bytes would overflow.
/// A shape with a zero in it holds none, but its other dimensions must not overflow either: whoever
/// takes it apart (Array::row_size) multiplies them.
[[nodiscard]] inline std::optional<std::size_t> checked_count(std::span<const std::size_t> shape,
                                                              std::size_t element_size) {
  std::size_t room = std::numeric_limits<std::ptrdiff_t>::max() / element_size;
  std::size_t count = 1;
  bool empty = false;
  for (const std::size_t extent : shape) {
    if (extent == 0) {
      empty = true;
      continue;
    }
    if (extent > room) return std::nullopt;
    room /= extent;
    count *= extent;
  }
  return empty ? 0 : count;
}

}  // namespace hourglass::files
