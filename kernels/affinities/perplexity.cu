#include <cmath>
#include <cstdint>

#include "kernels/affinities/perplexity.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr int kMaxSteps = 64;
constexpr float kClose = 1e-4f;  // to the entropy, in nats: one more step is the last

// ---------------------------------------------------------------------------- device functions

constexpr unsigned kWidth = simt::kVectorWidth;

/// work(first, distances of kWidth neighbours from there on) for the lane's share of a row; `far`
/// stands for those behind the k-th.
template <class Work>
__device__ __forceinline__ void for_each_bundle(const float* distances, std::uint32_t k, float far,
                                                Work work) {
  const std::uint32_t step = simt::warp_thread_count() * kWidth;
  for (std::uint32_t j = simt::lane() * kWidth; j < k; j += step) {
    float bundle[kWidth];
    if (j + kWidth <= k) {
      for (unsigned w = 0; w < kWidth; ++w) bundle[w] = distances[j + w];
    } else {
      for (unsigned w = 0; w < kWidth; ++w) bundle[w] = j + w < k ? distances[j + w] : far;
    }
    work(j, bundle);
  }
}

__device__ __forceinline__ float sum_of(const float (&parts)[kWidth]) {
  float sum = 0.f;
  for (const float part : parts) sum += part;
  return simt::warp_sum_for_all(sum);
}

/// A distance from the row's nearest, in units of the row's mean. One that is so far beyond all
/// others weighs nothing, and must not become infinite.
__device__ __forceinline__ float relative(float distance, float nearest, float scale) {
  constexpr float kFarthest = 1e15f;
  const float result = scale * (distance - nearest);
  return result < kFarthest ? result : kFarthest;
}

/// The square of the rounded distance: what a neighbour graph, which holds distances, makes of it,
/// so that the map of a graph is the map of its data.
__device__ __forceinline__ float rounded(float squared_distance) {
  const float distance = sqrtf(squared_distance);
  return distance * distance;
}

/// The weights of a row, in units of its mean, at a beta: their sum, and the mean and variance of
/// the distances they weigh.
struct Weighing {
  float sum;
  float mean;
  float variance;
};

__device__ inline Weighing weigh(const float* distances, std::uint32_t k, float nearest,
                                 float scale, float beta) {
  float sums[kWidth] = {};
  float firsts[kWidth] = {};
  float seconds[kWidth] = {};
  for_each_bundle(distances, k, INFINITY, [&](std::uint32_t, const float(&bundle)[kWidth]) {
    for (unsigned w = 0; w < kWidth; ++w) {
      const float distance = relative(bundle[w], nearest, scale);
      const float weight = simt::fast_exp(-beta * distance);
      sums[w] += weight;
      firsts[w] += weight * distance;
      seconds[w] += weight * distance * distance;
    }
  });
  const float sum = sum_of(sums);
  const float mean = sum_of(firsts) / sum;
  return {sum, mean, sum_of(seconds) / sum - mean * mean};
}

// ------------------------------------------------------------------------------------- kernels

// One warp a row, the distances read again at each step: they stay in the nearest cache. Distances
// count from the row's smallest, which changes no probability and keeps the sum from vanishing, and
// in units of their mean, so that beta is near one whatever the scale of the data. The entropy
// falls by beta^2 times the distances' variance as log(beta) grows by one: Newton's steps, and
// halving where they leave what is known to hold the answer.
__global__ void conditional_probabilities_kernel(const float* __restrict__ squared_distances,
                                                 std::size_t rows, std::uint32_t k,
                                                 float target_entropy,
                                                 float* __restrict__ probabilities) {
  for (const auto row : simt::warp_elements(rows)) {
    const float* given = squared_distances + row * k;
    float* own = probabilities + row * k;  // holds distances first, then weights
    const float nearest = rounded(given[0]);
    float mean = 0.f;
    for (std::uint32_t j = simt::lane(); j < k; j += simt::warp_thread_count()) {
      own[j] = rounded(given[j]);
      mean += own[j] - nearest;
    }
    simt::sync_warp();  // a lane looks at what others have written
    mean = simt::warp_sum_for_all(mean) / static_cast<float>(k);

    constexpr float kSmallest = 1.2e-38f;  // of which the reciprocal is finite
    const float scale = 1.f / fmaxf(mean, kSmallest);

    float beta = 1.f;
    float low = 0.f;
    float high = INFINITY;
    for (int step = 0; step < kMaxSteps; ++step) {
      const Weighing weighing = weigh(own, k, nearest, scale, beta);
      const float entropy = logf(weighing.sum) + beta * weighing.mean;
      const float excess = entropy - target_entropy;
      (excess > 0.f ? low : high) = beta;  // who sees too much must look narrower
      const float slope = beta * beta * weighing.variance;
      const float newton = beta * expf(fminf(fmaxf(excess / slope, -3.f), 3.f));
      if (newton > low && newton < high) {
        beta = newton;
      } else if (fabsf(excess) >= kClose) {
        beta = high < INFINITY ? 0.5f * (low + high) : 2.f * beta;
      }
      if (fabsf(excess) < kClose) break;  // and the last step has squared that
      if (!(beta < 1e30f)) break;         // all mass on equal nearest ones: as narrow as it gets
    }
    float sums[kWidth] = {};
    for_each_bundle(own, k, INFINITY, [&](std::uint32_t first, const float(&bundle)[kWidth]) {
      float weights[kWidth];
      for (unsigned w = 0; w < kWidth; ++w) {
        weights[w] = simt::fast_exp(-beta * relative(bundle[w], nearest, scale));
        sums[w] += weights[w];
      }
      const std::uint32_t count = k - first < kWidth ? k - first : kWidth;
      for (unsigned w = 0; w < count; ++w) own[first + w] = weights[w];
    });
    const float all = sum_of(sums);
    simt::sync_warp();  // a lane divides what others have written
    for (std::uint32_t j = simt::lane(); j < k; j += simt::warp_thread_count()) own[j] /= all;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void conditional_probabilities(simt::StreamHandle stream, const float* squared_distances,
                               std::size_t rows, std::size_t k, double perplexity,
                               float* probabilities) {
  simt::launch(stream, simt::per_warp(rows), conditional_probabilities_kernel, squared_distances,
               rows, simt::narrow(k), static_cast<float>(std::log(perplexity)), probabilities);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
