// The gradient of a bias: the sum of its channel's gradients, for convolutions and dense layers.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// dy (batch, channels, inner): planes of `inner` cells after a convolution, single values after a
/// dense layer.
struct ChannelShape {
  std::size_t batch = 0;
  std::size_t channels = 0;
  std::size_t inner = 1;
};

/// Partial sums that `bias_gradient` wants room for; none where one warp sums a whole channel.
[[nodiscard]] std::size_t bias_partial_count(const ChannelShape& shape);

/// dbias[c] = sum over batch and cells of dy, in a fixed order: shares of a channel first, then
/// their sums.
void bias_gradient(simt::StreamHandle stream, const float* dy, const ChannelShape& shape,
                   std::span<float> partials, float* dbias);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
