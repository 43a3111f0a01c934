// Sorting, by Thrust or the standard library.
#pragma once

#include <cstdint>
#include <span>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

// All of these may allocate: they are not for use inside a recorded graph.

/// Ascending, in place.
void sort_keys(Context& context, std::span<std::uint64_t> keys);

/// places (keys.size()): where each of the keys 0 .. K - 1 is among `keys`, which has no other: key
/// j at the places from begins[j] up to begins[j + 1], ascending. begins (K + 1). Fewer than 2^32
/// keys.
void sort_places(Context& context, std::span<const std::uint32_t> keys,
                 std::span<std::uint32_t> begins, std::span<std::uint32_t> places);

}  // namespace hourglass::HOURGLASS_TARGET::math
