// Adam (Kingma and Ba 2015, section 2, the efficient form), all parameters in one launch.
//
//   m = b1 m + (1 - b1) g;   v = b2 v + (1 - b2) g^2
//   w -= rate m / (sqrt(v) + eps),   rate = lr sqrt(1 - b2^t) / (1 - b1^t)
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/simt/host_device.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
};

/// The rate of a step, from 1. In double: 1 - b2^t starts at 1e-3.
[[nodiscard]] HOURGLASS_HOST_DEVICE inline double adam_rate(const AdamOptions& options,
                                                            std::uint64_t step) {
  const auto t = static_cast<double>(step);
  return options.learning_rate * sqrt(1.0 - pow(options.beta2, t)) / (1.0 - pow(options.beta1, t));
}

/// Of `count` steps, of which the first is first_step, from 1.
[[nodiscard]] inline std::vector<float> adam_rates(const AdamOptions& options,
                                                   std::uint64_t first_step, std::size_t count) {
  std::vector<float> rates(count);
  for (std::size_t i = 0; i < count; ++i) {
    rates[i] = static_cast<float>(adam_rate(options, first_step + i));
  }
  return rates;
}

/// The options as kernels use them; rest is 1 - beta.
struct AdamFactors {
  float beta1 = 0.f, rest1 = 0.f, beta2 = 0.f, rest2 = 0.f, epsilon = 0.f;

  AdamFactors() = default;
  explicit AdamFactors(const AdamOptions& options)
      : beta1(static_cast<float>(options.beta1)),
        rest1(static_cast<float>(1.0 - options.beta1)),
        beta2(static_cast<float>(options.beta2)),
        rest2(static_cast<float>(1.0 - options.beta2)),
        epsilon(static_cast<float>(options.epsilon)) {}
};

/// One update of `parameters` and its moments from `gradient`, at *rate, which is in device memory.
void adam_update(simt::StreamHandle stream, const AdamOptions& options, const float* rate,
                 std::span<const float> gradient, float* parameters, float* first_moment,
                 float* second_moment);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
