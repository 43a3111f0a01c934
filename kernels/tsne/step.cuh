// A step of gradient descent with gains: what maps of all dimensions do with a gradient.
#pragma once

#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Points, seen as their coordinates.
#ifdef __CUDACC__
using Coordinate = float;
#else
using Coordinate [[gnu::may_alias]] = float;
#endif

/// One coordinate's step: returns the new velocity.
__device__ __forceinline__ float step(float gradient, float velocity, float momentum, float rate,
                                      float longest, float& gain) {
  constexpr float kMinGain = 0.01f;
  // Steady descent, against the gradient, deserves more; a change of direction less.
  const float changed = gradient * velocity < 0.f ? gain + 0.2f : gain * 0.8f;
  gain = changed < kMinGain ? kMinGain : changed;
  const float step = momentum * velocity - rate * gain * gradient;
  return step < -longest ? -longest : step > longest ? longest : step;  // a NaN shows
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
