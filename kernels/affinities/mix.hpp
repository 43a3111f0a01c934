// Mixes probabilities of several scales.
#pragma once

#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// mixed[i] = mixed[i] * keep + other[i] * share; without others, mixed[i] * keep.
void mix(simt::StreamHandle stream, std::span<float> mixed, float keep,
         std::span<const float> other, float share);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
