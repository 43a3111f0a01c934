// Adam's step of a few parameters: kernels/optimizer/adam.hpp.
#pragma once

#include "kernels/optimizer/adam.hpp"
#include "kernels/simt/lanes.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// V is float, or a vector of parameters side by side.
template <class V>
__device__ __forceinline__ void adam_step(const AdamFactors& adam, float rate, V gradient,
                                          V& parameter, V& first_moment, V& second_moment) {
  using lanes::sqrt;
  first_moment = V(adam.beta1) * first_moment + V(adam.rest1) * gradient;
  second_moment = V(adam.beta2) * second_moment + V(adam.rest2) * gradient * gradient;
  parameter -= V(rate) * first_moment / (sqrt(second_moment) + V(adam.epsilon));
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
