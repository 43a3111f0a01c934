// Neighbours for those who use them up, again and again.
#pragma once

#include <type_traits>

#include "device/buffer.hpp"
#include "manifold/neighbors.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {

inline Neighbors copy_of(const device::Stream& stream, const Neighbors& neighbors) {
  const auto copy = [&stream](const auto& from) {
    std::remove_cvref_t<decltype(from)> to(from.size());
    device::copy_bytes_on_device(stream, to.data(), from.data(), from.span().size_bytes());
    return to;
  };
  return {.k = neighbors.k,
          .indices = copy(neighbors.indices),
          .squared_distances = copy(neighbors.squared_distances)};
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
