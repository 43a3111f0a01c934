#include "kernels/optimizer/adam.hpp"
#include "kernels/optimizer/adam_step.cuh"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void adam_update_kernel(AdamFactors adam, const float* __restrict__ rate_now,
                                   std::size_t count, const float* __restrict__ gradient,
                                   float* __restrict__ parameters, float* __restrict__ first_moment,
                                   float* __restrict__ second_moment) {
  const float rate = *rate_now;
  for (const auto i : simt::elements(count)) {
    adam_step(adam, rate, gradient[i], parameters[i], first_moment[i], second_moment[i]);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void adam_update(simt::StreamHandle stream, const AdamOptions& options, const float* rate,
                 std::span<const float> gradient, float* parameters, float* first_moment,
                 float* second_moment) {
  simt::launch(stream, simt::per_element(gradient.size()), adam_update_kernel, AdamFactors(options),
               rate, gradient.size(), gradient.data(), parameters, first_moment, second_moment);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
