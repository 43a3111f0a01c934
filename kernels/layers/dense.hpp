// What a dense layer needs besides matrix products.
#pragma once

#include <cstddef>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// dbias[o] = sum over the batch of dy (batch, outputs), in the order of the rows.
void bias_gradient(simt::StreamHandle stream, const float* dy, std::size_t batch,
                   std::size_t outputs, float* dbias);

/// y[b, i, o] = x[b, o, i] for x (batch, outer, inner): from channels last to planes, or back.
void swap_inner(simt::StreamHandle stream, const float* x, std::size_t batch, std::size_t outer,
                std::size_t inner, float* y);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
