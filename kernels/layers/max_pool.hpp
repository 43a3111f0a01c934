// 2 x 2 max pooling with stride 2.
#pragma once

#include <cstdint>

#include "device/stream.hpp"
#include "math/layout.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// x (planes) -> y, winner (height / 2, width / 2). winner is 0..3, the place in the window of the
/// first maximum in row-major order; an odd last row or column is left out.
void max_pool_forward(device::Stream& stream, const float* x, Planes x_planes, float* y,
                      std::uint8_t* winner);

/// dx (planes) is dy where x won its window and zero elsewhere. With `relu` x came out of a relu: dx
/// is then the gradient before it, and `y` tells where that was cut off (the maximum of what relu let
/// through is positive, or the whole window was cut).
void max_pool_backward(device::Stream& stream, const float* dy, const float* y,
                       const std::uint8_t* winner, bool relu, Planes x_planes, float* dx);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
