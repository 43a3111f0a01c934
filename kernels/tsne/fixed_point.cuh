// Charges as whole numbers.
#pragma once

#include <cstdint>

#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// A charge below 2^31 is converted as a signed number, for which processors have an instruction.
template <class Charge>
__device__ __forceinline__ auto in_fixed_point(float charge) {
  if constexpr (sizeof(Charge) == 4) {
    return static_cast<std::int32_t>(charge);
  } else {
    return static_cast<std::int64_t>(charge);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
