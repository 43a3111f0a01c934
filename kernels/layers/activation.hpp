// Elementwise activations.
#pragma once

#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// gradient[i] = 0 where activation[i], the output of a relu, is not positive; in place.
void relu_backward(simt::StreamHandle stream, std::span<const float> activation,
                   std::span<float> gradient);

/// values[i] = 1 / (1 + exp(-values[i])), in place.
void sigmoid(simt::StreamHandle stream, std::span<float> values);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
