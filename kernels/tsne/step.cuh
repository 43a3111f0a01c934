// A step of gradient descent with gains: what maps of all dimensions do with a gradient.
#pragma once

#include <cstdint>
#include <hourglass/tsne_schedule.hpp>

#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/map.hpp"

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

/// What an iteration's steps have in common.
struct Pace {
  float exaggeration;
  float momentum;
  float rate;
  float longest;
};

__device__ __forceinline__ Pace pace_of(const TsneSchedule& schedule, std::uint64_t iteration) {
  const bool early = iteration <= schedule.early_iterations;
  return {static_cast<float>(early ? schedule.early_exaggeration : schedule.late_exaggeration),
          static_cast<float>(early ? schedule.early_momentum : schedule.late_momentum),
          static_cast<float>(schedule.learning_rate), static_cast<float>(schedule.max_step)};
}

/// 1 / Z, from the partial sums of a repulsion. All threads of the block must call it.
template <class R>
__device__ __forceinline__ float inverse_normalizer_of(const R& repulsion,
                                                       simt::BlockSumScratch<double>& scratch) {
  double normalizer = 0.0;
  for (const auto i : simt::block_elements(repulsion.normalizer_count)) {
    normalizer += repulsion.normalizers[i];
  }
  normalizer = simt::block_sum(normalizer, scratch) + repulsion.normalizer_offset;
  return static_cast<float>(1.0 / normalizer);
}

/// The steps of one thread's points, whose n coordinates lie together, and the bounds and sums of
/// where they have led.
template <std::uint32_t n>
struct Steps {
  float mean[n];  ///< goes to 0
  float rate[n];
  BoxOf<n> reached;  ///< of coordinates, not of points

  /// Of the first so many coordinates.
  __device__ __forceinline__ void take(std::uint32_t coordinates, const float* gradient,
                                       const Pace& pace, const Coordinate* from, Coordinate* to,
                                       Coordinate* velocity, Coordinate* gain) {
    for (std::uint32_t c = 0; c < coordinates; ++c) {
      float own_gain = gain[c];
      const float moved =
          step(gradient[c], velocity[c], pace.momentum, rate[c], pace.longest, own_gain);
      velocity[c] = moved;
      gain[c] = own_gain;
      const float there = from[c] - mean[c] + moved;
      to[c] = there;
      reached.low[c] = there < reached.low[c] ? there : reached.low[c];
      reached.high[c] = there > reached.high[c] ? there : reached.high[c];
      reached.sum[c] += static_cast<double>(there);
    }
  }

  /// Where the point of so many coordinates has been that begins at this one.
  template <int dimensions>
  [[nodiscard]] __device__ __forceinline__ BoxOf<dimensions> box(std::uint32_t first) const {
    BoxOf<dimensions> own;
    for (int c = 0; c < dimensions; ++c) {
      own.low[c] = reached.low[first + c];
      own.high[c] = reached.high[first + c];
      own.sum[c] = reached.sum[first + c];
    }
    return own;
  }
};

}  // namespace hourglass::HOURGLASS_TARGET::kernels
