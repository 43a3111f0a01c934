// Sorting, by Thrust or the standard library.
#pragma once

#include <cstdint>
#include <span>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

// All of these may allocate: they are not for use inside a recorded graph.

/// Ascending, in place.
void sort_keys(Context& context, std::span<std::uint64_t> keys);

/// Sorts the pairs by key and adds up the values of equal keys; returns how many keys are left, at
/// the front of both. Deterministic where a key comes at most twice: two numbers have only one sum.
[[nodiscard]] std::size_t sort_and_merge(Context& context, std::span<std::uint64_t> keys,
                                         std::span<float> values);

}  // namespace hourglass::HOURGLASS_TARGET::math
