#include <cmath>
#include <cstdint>

#include "kernels/affinities/perplexity.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr int kMaxSteps = 64;
constexpr float kTolerance = 1e-5f;  // of the entropy, in nats

// ------------------------------------------------------------------------------------- kernels

// One warp a row, the distances read again at each step: they stay in the nearest cache. Distances
// count from the row's smallest, which changes no probability and keeps the sum from vanishing, and
// in units of their mean, so that beta is near one whatever the scale of the data.
__global__ void conditional_probabilities_kernel(const float* __restrict__ squared_distances,
                                                 std::size_t rows, std::uint32_t k,
                                                 float target_entropy,
                                                 float* __restrict__ probabilities) {
  for (const auto row : simt::warp_elements(rows)) {
    const float* distances = squared_distances + row * k;
    const float nearest = distances[0];
    float mean = 0.f;
    for (std::uint32_t j = simt::lane(); j < k; j += simt::warp_thread_count()) {
      mean += distances[j] - nearest;
    }
    mean = simt::shuffle(simt::warp_sum(mean), 0) / static_cast<float>(k);

    constexpr float kSmallest = 1.2e-38f;  // of which the reciprocal is finite
    const float scale = 1.f / fmaxf(mean, kSmallest);

    float beta = 1.f;
    float low = 0.f;
    float high = INFINITY;
    float sum = 1.f;
    for (int step = 0; step < kMaxSteps; ++step) {
      float weights = 0.f;
      float weighted = 0.f;
      for (std::uint32_t j = simt::lane(); j < k; j += simt::warp_thread_count()) {
        const float distance = scale * (distances[j] - nearest);
        const float weight = expf(-beta * distance);
        weights += weight;
        weighted += weight * distance;
      }
      sum = simt::shuffle(simt::warp_sum(weights), 0);
      weighted = simt::shuffle(simt::warp_sum(weighted), 0);
      const float entropy = logf(sum) + beta * weighted / sum;
      if (fabsf(entropy - target_entropy) < kTolerance) break;
      if (entropy > target_entropy) {  // sees too much: look narrower
        low = beta;
        beta = high < INFINITY ? 0.5f * (low + high) : 2.f * beta;
      } else {
        high = beta;
        beta = 0.5f * (low + high);
      }
      if (!(beta < 1e30f)) break;  // all mass on equal nearest ones: as narrow as it gets
    }
    sum = 0.f;
    for (std::uint32_t j = simt::lane(); j < k; j += simt::warp_thread_count()) {
      const float weight = expf(-beta * (scale * (distances[j] - nearest)));
      probabilities[row * k + j] = weight;
      sum += weight;
    }
    sum = simt::shuffle(simt::warp_sum(sum), 0);
    for (std::uint32_t j = simt::lane(); j < k; j += simt::warp_thread_count()) {
      probabilities[row * k + j] /= sum;
    }
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
