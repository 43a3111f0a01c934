// All phases in their order: the loss of some images, and from it the gradients of all parameters.
#pragma once

#include "kernels/fused/backward.cuh"
#include "kernels/fused/forward.cuh"
#include "kernels/fused/load.cuh"
#include "kernels/fused/stage.cuh"

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

/// Zeros around maps in whose place other maps have been.
template <class L>
__device__ void clear_frame(const Block<L>& block, const Maps& maps) {
  const auto out = block.planes(maps);
  each<L>(1, maps.channels, maps.width + 2, [&](int, int c, int x) {
    *out.corner(c, 0, x) = 0.f;
    *out.corner(c, maps.height + 1, x) = 0.f;
  });
  each<L>(1, maps.channels, maps.height, [&](int, int c, int y) {
    *out.corner(c, y + 1, 0) = 0.f;
    *out.corner(c, y + 1, maps.width + 1) = 0.f;
  });
}

/// From the input to the code.
template <class L>
__device__ __forceinline__ void encode(const Block<L>& block, Stage& stage) {
  const Network& net = block.net;
  const Convolution* own = net.convolution;
  for (int k = 0; k < net.depth; ++k) {
    const Maps& input = k == 0 ? net.input : net.pooled[k - 1];
    if (k == 0 && own->inputs == 1) {
      stage.enter(Phase::first_forward);
      first_convolution(block, *own++, input, net.pooled[k], net.winners[k]);
    } else {
      stage.enter(Phase::pooled_forward);
      pooled_convolution(block, *own++, input, net.pooled[k], net.winners[k]);
    }
  }
}

/// From the code to the last convolution's input.
template <class L>
__device__ __forceinline__ void decode(const Block<L>& block, Stage& stage) {
  const Network& net = block.net;
  const int depth = net.depth;
  const Convolution* own = net.convolution + depth;
  stage.enter(Phase::plain_forward);
  plain_convolution(block, *own++, net.pooled[depth - 1], net.decoded[0]);
  stage.enter(Phase::upsampled_forward);
  if (net.plan.reuse) {
    clear_frame(block, net.decoded[depth - 1]);
    clear_frame(block, net.decoded_gradient[depth - 1]);
    clear_frame(block, net.delta);
  }
  for (int k = 1; k < depth; ++k) {
    upsampled_convolution(block, *own++, net.decoded[k - 1], net.decoded[k]);
  }
}

/// From the gradient of the logits.
template <class L, class Sink>
__device__ __forceinline__ void backward(const Block<L>& block, Stage& stage, const Sink& sink) {
  const Network& net = block.net;
  const int depth = net.depth;
  for (int k = depth; k > 0; --k) {
    stage.enter(k == depth ? Phase::last_backward : Phase::upsampled_backward);
    const Convolution& own = net.convolution[depth + k];
    const Maps& gradient = k == depth ? net.delta : net.decoded_gradient[k];
    upsampled_backward(block, own, gradient, net.decoded[k - 1], net.decoded_gradient[k - 1], sink);
  }
  stage.enter(Phase::plain_backward);
  const Maps& code = net.pooled[depth - 1];
  plain_bias_gradient(block, net.plain(), net.decoded_gradient[0], sink);
  plain_weight_gradient(block, net.plain(), net.decoded_gradient[0], code, sink);
  plain_data_gradient(block, net.plain(), net.decoded_gradient[0], code);
  for (int k = depth - 1; k >= 0; --k) {
    const Convolution& own = net.convolution[k];
    const Maps& input = k == 0 ? net.input : net.pooled[k - 1];
    stage.enter(k == 0 ? Phase::first_parameters : Phase::pooled_parameters);
    pooled_parameter_gradient(block, own, net.pooled[k], net.winners[k], input, sink);
    if (k == 0) break;
    stage.enter(Phase::pooled_data);
    unpool(block, net.pooled[k], net.winners[k], net.unpooled[k]);
    pooled_data_gradient(block, own, net.unpooled[k], input);
  }
}

/// The last phase of the forward pass: the loss summed over the pixels of the first `live_lanes`
/// images, and, times `scale`, the gradient of the logits.
template <class L>
__device__ __forceinline__ double loss_of(const Block<L>& block, Loss loss, float scale,
                                          int live_lanes) {
  typename L::Value live;
  for (int lane = 0; lane < L::kCount; ++lane) lane_of(live, lane) = lane < live_lanes ? 1.f : 0.f;
  return last_convolution<L>(block, loss, scale, live);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused
