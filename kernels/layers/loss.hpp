// The reconstruction losses, from what the last layer gives: the network's last sigmoid is part of
// them.
//
//   bce: mean over all pixels of -(t log p + (1 - t) log(1 - p)),   p = sigmoid(z)
//   mse: mean over all pixels of (p - t)^2, p = z where the output is linear
#pragma once

#include <cstddef>
#include <hourglass/loss.hpp>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Partial sums that `loss_forward_backward` writes for this many pixels.
[[nodiscard]] std::size_t loss_partial_count(std::size_t pixels);

/// partial_sums: per block, the sum of its pixels' losses (not the mean), in double. dlogits,
/// unless null: the gradient of the mean. A linear output has mse alone.
void loss_forward_backward(simt::StreamHandle stream, Loss loss, std::span<const float> logits,
                           const float* target, std::span<double> partial_sums, float* dlogits,
                           OutputActivation output = OutputActivation::sigmoid);

/// *sum += all partial sums, added in a fixed order.
void add_partial_sums(simt::StreamHandle stream, std::span<const double> partial_sums, double* sum);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
