// Nearest-neighbour upsampling by two.
#pragma once

#include "kernels/layers/planes.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// x (height, width) -> y (2 height, 2 width): y[i,j] = x[i/2, j/2]. `y_planes` is the fine side.
void upsample_forward(simt::StreamHandle stream, const float* x, Planes y_planes, float* y);

/// dx[i,j] = sum of the four dy above it, in row-major order. With `relu` x came out of a relu: dx
/// is then the gradient before it, zero where x is.
void upsample_backward(simt::StreamHandle stream, const float* dy, const float* x, bool relu,
                       Planes y_planes, float* dx);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
