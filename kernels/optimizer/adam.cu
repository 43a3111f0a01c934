#include <cmath>

#include "kernels/optimizer/adam.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

struct Smem {
  float rate;
  simt::BlockSumScratch<double> sum;
};
static_assert(sizeof(Smem) <= 512);

// ------------------------------------------------------------------------------------- kernels

// One thread a block works out the bias correction, in double: 1 - b2^t starts at 1e-3, and two
// powers for each parameter would cost more than the update.
__global__ void adam_update_kernel(AdamOptions options, const TrainingState* __restrict__ state,
                                   std::size_t count, const float* __restrict__ gradient,
                                   float* __restrict__ parameters, float* __restrict__ first_moment,
                                   float* __restrict__ second_moment) {
  Smem& smem = simt::shared<Smem>();
  if (threadIdx.x == 0) {
    const double t = static_cast<double>(state->step + 1);
    smem.rate = static_cast<float>(options.learning_rate * sqrt(1.0 - pow(options.beta2, t)) /
                                   (1.0 - pow(options.beta1, t)));
  }
  simt::sync_block();  // the rate is written before anyone reads it
  const float rate = smem.rate;
  const float beta1 = static_cast<float>(options.beta1);
  const float beta2 = static_cast<float>(options.beta2);
  const float rest1 = static_cast<float>(1.0 - options.beta1);
  const float rest2 = static_cast<float>(1.0 - options.beta2);
  const float epsilon = static_cast<float>(options.epsilon);
  for (const auto i : simt::elements(count)) {
    const float g = gradient[i];
    const float m = beta1 * first_moment[i] + rest1 * g;
    const float v = beta2 * second_moment[i] + rest2 * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    parameters[i] -= rate * m / (sqrtf(v) + epsilon);
  }
}

// One block.
__global__ void finish_step_kernel(const double* __restrict__ partial_sums, std::uint32_t count,
                                   std::uint64_t images, TrainingState* __restrict__ state) {
  double loss = 0.0;
  for (const auto i : simt::block_elements(count)) loss += partial_sums[i];
  loss = simt::block_sum(loss, simt::shared<Smem>().sum);
  if (threadIdx.x == 0) {
    state->train_loss_sum += loss;
    state->position += images;
    state->step += 1;
  }
}

simt::LaunchConfig with_smem(simt::LaunchConfig config) {
  config.shared_bytes = sizeof(Smem);
  return config;
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void adam_update(simt::StreamHandle stream, const AdamOptions& options, const TrainingState* state,
                 std::span<const float> gradient, float* parameters, float* first_moment,
                 float* second_moment) {
  simt::launch(stream, with_smem(simt::per_element(gradient.size())), adam_update_kernel, options,
               state, gradient.size(), gradient.data(), parameters, first_moment, second_moment);
}

void finish_step(simt::StreamHandle stream, std::span<const double> loss_partial_sums,
                 std::size_t images, TrainingState* state) {
  simt::launch(stream, with_smem(simt::per_block(1, 256)), finish_step_kernel,
               loss_partial_sums.data(), static_cast<std::uint32_t>(loss_partial_sums.size()),
               std::uint64_t{images}, state);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
