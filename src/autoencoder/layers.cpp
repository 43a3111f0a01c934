#include "autoencoder/layers.hpp"

#include "layers/activation.hpp"
#include "layers/max_pool.hpp"
#include "layers/upsample.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// A batch of images as it lies in this target's memory.
Planes planes(std::size_t batch, const ImageShape& shape) {
  if constexpr (math::kImageLayout == ImageLayout::nchw) {
    return {batch * shape.channels, shape.height, shape.width, 1};
  } else {
    return {batch, shape.height, shape.width, shape.channels};
  }
}

ImageShape doubled(const ImageShape& shape) {
  return {shape.channels, 2 * shape.height, 2 * shape.width};
}

}  // namespace

ConvolutionLayer::ConvolutionLayer(math::Context& context, const LayerSetting& setting,
                                   const ImageShape& input, const LayerSpec& spec,
                                   const ConvolutionParameters& parameters)
    : convolution_(context,
                   {.batch = setting.batch,
                    .in_channels = input.channels,
                    .out_channels = spec.channels,
                    .height = input.height,
                    .width = input.width},
                   spec.relu),
      parameters_(parameters),
      input_size_(setting.batch * input.size()),
      input_from_relu_(setting.input_from_relu) {}

void ConvolutionLayer::forward(math::Context& context, const float* x, float* y) {
  convolution_.forward(context, x, parameters_.weight, parameters_.bias, y);
}

void ConvolutionLayer::backward(math::Context& context, const float* x, const float* /*y*/,
                                const float* dy, float* dx) {
  convolution_.backward_parameters(context, x, dy, parameters_.weight_gradient,
                                   parameters_.bias_gradient);
  if (dx == nullptr) return;
  convolution_.backward_data(context, dy, parameters_.weight, dx);
  if (input_from_relu_) {
    kernels::relu_backward(context.stream(), {x, input_size_}, {dx, input_size_});
  }
}

MaxPoolLayer::MaxPoolLayer(const LayerSetting& setting, const ImageShape& input)
    : input_(planes(setting.batch, input)), input_from_relu_(setting.input_from_relu) {}

void MaxPoolLayer::forward(math::Context& context, const float* x, float* y) {
  kernels::max_pool_forward(context.stream(), x, input_, y);
}

void MaxPoolLayer::backward(math::Context& context, const float* x, const float* y, const float* dy,
                            float* dx) {
  if (dx == nullptr) return;
  kernels::max_pool_backward(context.stream(), x, y, dy, input_from_relu_, input_, dx);
}

UpsampleLayer::UpsampleLayer(const LayerSetting& setting, const ImageShape& input)
    : output_(planes(setting.batch, doubled(input))), input_from_relu_(setting.input_from_relu) {}

void UpsampleLayer::forward(math::Context& context, const float* x, float* y) {
  kernels::upsample_forward(context.stream(), x, output_, y);
}

void UpsampleLayer::backward(math::Context& context, const float* x, const float* /*y*/,
                             const float* dy, float* dx) {
  if (dx == nullptr) return;
  kernels::upsample_backward(context.stream(), dy, x, input_from_relu_, output_, dx);
}

}  // namespace hourglass::HOURGLASS_TARGET
