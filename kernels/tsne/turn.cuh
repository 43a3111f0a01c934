// Sine and cosine of a turn's part, quick and good enough for a correction.
#pragma once

#include <cmath>

#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// sin(2 pi t) within 1e-3, t in [0, 1): a parabola, corrected once.
__device__ __forceinline__ float sine_of_turn(float t) {
  const float u = 0.5f - t;
  const float q = 8.f * u - 16.f * u * fabsf(u);
  return 0.225f * (q * fabsf(q) - q) + q;
}

/// cos(2 pi t), likewise.
__device__ __forceinline__ float cosine_of_turn(float t) {
  return sine_of_turn(t + (t < 0.75f ? 0.25f : -0.75f));
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
