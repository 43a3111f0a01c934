// Which target this is, for the few decisions that differ: tile sizes, strides, layouts.
#pragma once

namespace hourglass {

namespace cpu {
inline constexpr bool kOnCuda = false;
}
namespace cuda {
inline constexpr bool kOnCuda = true;
}

}  // namespace hourglass
