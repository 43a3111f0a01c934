// Sums in double of products in single precision.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// sum[i] += part[i]: gathers single-precision products of row groups in double.
void accumulate(simt::StreamHandle stream, std::span<const float> part, std::span<double> sum);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
