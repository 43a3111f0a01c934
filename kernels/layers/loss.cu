#include "kernels/layers/loss.hpp"
#include "kernels/layers/sigmoid.cuh"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---------------------------------------------------------------------------- device functions

struct PixelLoss {
  float value;
  float gradient;  // by the logit
};

template <Loss loss, OutputActivation output>
__device__ __forceinline__ PixelLoss pixel_loss(float z, float t) {
  if constexpr (output == OutputActivation::none) {
    const float error = z - t;
    return {error * error, 2.f * error};
  }
  const float e = decay(z);
  const float p = sigmoid_from_decay(z, e);
  if constexpr (loss == Loss::bce) {
    // max(z, 0) - z t + log(1 + exp(-|z|)): exact where p rounds to 0 or 1.
    return {fmaxf(z, 0.f) - z * t + log1pf(e), p - t};
  } else {
    const float error = p - t;
    return {error * error, 2.f * error * p * (1.f - p)};
  }
}

struct Smem {
  simt::BlockSumScratch<double> sum;
};
static_assert(sizeof(Smem) <= 512);

// ------------------------------------------------------------------------------------- kernels

template <Loss loss, OutputActivation output, bool backward>
__global__ void loss_kernel(const float* __restrict__ logits, const float* __restrict__ target,
                            std::size_t pixels, double* __restrict__ partial_sums,
                            float* __restrict__ dlogits) {
  const float scale = 1.f / static_cast<float>(pixels);
  double sum = 0.0;
  for (const auto i : simt::elements(pixels)) {
    const PixelLoss pixel = pixel_loss<loss, output>(logits[i], target[i]);
    sum += static_cast<double>(pixel.value);
    if constexpr (backward) dlogits[i] = pixel.gradient * scale;
  }
  sum = simt::block_sum(sum, simt::shared<Smem>().sum);
  if (threadIdx.x == 0) partial_sums[blockIdx.x] = sum;
}

// One block. Each thread takes a fixed set of partial sums, so the order never changes.
__global__ void add_partial_sums_kernel(const double* __restrict__ partial_sums,
                                        std::uint32_t count, double* __restrict__ sum) {
  double mine = 0.0;
  for (const auto i : simt::block_elements(count)) mine += partial_sums[i];
  mine = simt::block_sum(mine, simt::shared<Smem>().sum);
  if (threadIdx.x == 0) *sum += mine;
}

simt::LaunchConfig shape(std::size_t pixels) {
  return simt::per_element(pixels, 256, sizeof(Smem));
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t loss_partial_count(std::size_t pixels) {
  return shape(pixels).grid.count();
}

void loss_forward_backward(simt::StreamHandle stream, Loss loss, std::span<const float> logits,
                           const float* target, std::span<double> partial_sums, float* dlogits,
                           OutputActivation output) {
  const bool backward = dlogits != nullptr;
  const auto choose = [&](auto with, auto without) { return backward ? with : without; };
  constexpr auto kSigmoid = OutputActivation::sigmoid;
  constexpr auto kNone = OutputActivation::none;
  const auto kernel =
      output == kNone
          ? choose(loss_kernel<Loss::mse, kNone, true>, loss_kernel<Loss::mse, kNone, false>)
      : loss == Loss::bce
          ? choose(loss_kernel<Loss::bce, kSigmoid, true>, loss_kernel<Loss::bce, kSigmoid, false>)
          : choose(loss_kernel<Loss::mse, kSigmoid, true>, loss_kernel<Loss::mse, kSigmoid, false>);
  simt::launch(stream, shape(logits.size()), kernel, logits.data(), target, logits.size(),
               partial_sums.data(), dlogits);
}

void add_partial_sums(simt::StreamHandle stream, std::span<const double> partial_sums,
                      double* sum) {
  simt::launch(stream, simt::per_block(1, 256, sizeof(Smem)), add_partial_sums_kernel,
               partial_sums.data(), simt::narrow(partial_sums.size()), sum);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
