// Exchanges the two inner dimensions of images: from channels last to planes, or back.
#pragma once

#include <cstddef>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// y[b, i, o] = x[b, o, i] for x (batch, outer, inner).
void swap_inner(simt::StreamHandle stream, const float* x, std::size_t batch, std::size_t outer,
                std::size_t inner, float* y);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
