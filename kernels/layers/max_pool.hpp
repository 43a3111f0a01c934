// 2 x 2 max pooling with stride 2.
#pragma once

#include "kernels/layers/planes.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// x (planes) -> y (height / 2, width / 2); an odd last row or column is left out.
void max_pool_forward(simt::StreamHandle stream, const float* x, Planes x_planes, float* y);

/// dx (planes) is dy where x won its window, at the first maximum in row-major order, and zero
/// elsewhere. The winner is found again from x and y, which costs less than remembering it. With
/// `relu` x came out of a relu: dx is then the gradient before it, zero where the maximum is.
void max_pool_backward(simt::StreamHandle stream, const float* x, const float* y, const float* dy,
                       bool relu, Planes x_planes, float* dx);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
