// The logistic function without overflow.
#pragma once

#include <cmath>

#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// exp(-|z|), in (0, 1], from which sigmoid and cross-entropy both follow.
__device__ __forceinline__ float decay(float z) {
  return expf(-fabsf(z));
}

/// sigmoid(z), given decay(z).
__device__ __forceinline__ float sigmoid_from_decay(float z, float e) {
  return (z >= 0.f ? 1.f : e) / (1.f + e);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
