// Sorting, by Thrust or the standard library.
#pragma once

#include <cstdint>
#include <span>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

/// Ascending, in place. May allocate: not for use inside a recorded graph.
void sort_keys(Context& context, std::span<std::uint64_t> keys);

}  // namespace hourglass::HOURGLASS_TARGET::math
