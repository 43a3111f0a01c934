// What the neighbour search can hold, for those who do not know its kernels.
#pragma once

#include <cstddef>

namespace hourglass {

/// The most neighbours that can be asked for. A row's candidates live in shared memory, and there
/// must be room for a margin and for those to come.
inline constexpr std::size_t kMaxNeighbors = 2048;

}  // namespace hourglass
