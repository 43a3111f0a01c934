// Cubic B-splines on a grid of unit spacing.
#pragma once

#include <cstdint>

#include "kernels/simt/simt.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// The values at the four nodes around a point that lies `t` in [0, 1) beyond the second of them.
struct SplineWeights {
  float at[4];

  /// at[i] for an i that only the running thread knows: selections, where an array would go to
  /// memory.
  __device__ __forceinline__ float pick(std::uint32_t i) const {
    const float low = i == 0 ? at[0] : at[1];
    const float high = i == 2 ? at[2] : at[3];
    return i < 2 ? low : high;
  }

  __device__ __forceinline__ static SplineWeights values(float t) {
    const float s = 1.f - t;
    return {{s * s * s * (1.f / 6.f), ((3.f * t - 6.f) * t * t + 4.f) * (1.f / 6.f),
             ((3.f * s - 6.f) * s * s + 4.f) * (1.f / 6.f), t * t * t * (1.f / 6.f)}};
  }
  /// By t.
  __device__ __forceinline__ static SplineWeights derivatives(float t) {
    const float s = 1.f - t;
    return {{-0.5f * s * s, (1.5f * t - 2.f) * t, (2.f - 1.5f * s) * s, 0.5f * t * t}};
  }
};

/// Where a coordinate falls: the first of its four nodes, and t. Kept within the grid whatever the
/// coordinate, NaN included.
struct SplinePlace {
  std::int32_t first;
  float t;

  __device__ __forceinline__ SplinePlace(float coordinate, float origin, float inverse_spacing,
                                         std::uint32_t nodes) {
    const float u = (coordinate - origin) * inverse_spacing;
    const float last = static_cast<float>(nodes - 2);  // there the fourth node would be outside
    const float inside = u >= 1.f ? (u < last ? u : last - 0.5f) : 1.f;
    const auto whole = static_cast<std::int32_t>(inside);
    first = whole - 1;
    t = inside - static_cast<float>(whole);
  }
};

/// A potential at a point from its 4 x 4 nodes, along x first: for each of the four in y.
struct GatheredAlongX {
  float value[4] = {};
  float slope[4] = {};

  /// Of the four nodes at one x.
  __device__ __forceinline__ void add(const float* nodes, float weight, float derivative) {
    for (std::uint32_t b = 0; b < 4; ++b) {
      value[b] += weight * nodes[b];
      slope[b] += derivative * nodes[b];
    }
  }
  [[nodiscard]] __device__ __forceinline__ float potential(const SplineWeights& wy) const {
    float sum = 0.f;
    for (std::uint32_t b = 0; b < 4; ++b) sum += wy.at[b] * value[b];
    return sum;
  }
  /// Minus half the potential's gradient.
  [[nodiscard]] __device__ __forceinline__ Point force(const SplineWeights& wy,
                                                       const SplineWeights& dwy,
                                                       float inverse_spacing) const {
    Point sum{0.f, 0.f};
    for (std::uint32_t b = 0; b < 4; ++b) {
      sum.x += wy.at[b] * slope[b];
      sum.y += dwy.at[b] * value[b];
    }
    const float scale = -0.5f * inverse_spacing;
    return {scale * sum.x, scale * sum.y};
  }
};

}  // namespace hourglass::HOURGLASS_TARGET::kernels
