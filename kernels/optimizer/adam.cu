#include <cmath>

#include "kernels/optimizer/adam.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void adam_update_kernel(AdamOptions options, const float* __restrict__ rate_now,
                                   std::size_t count, const float* __restrict__ gradient,
                                   float* __restrict__ parameters, float* __restrict__ first_moment,
                                   float* __restrict__ second_moment) {
  const float rate = *rate_now;
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

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void adam_update(simt::StreamHandle stream, const AdamOptions& options, const float* rate,
                 std::span<const float> gradient, float* parameters, float* first_moment,
                 float* second_moment) {
  simt::launch(stream, simt::per_element(gradient.size()), adam_update_kernel, options, rate,
               gradient.size(), gradient.data(), parameters, first_moment, second_moment);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
