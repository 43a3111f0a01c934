#include "autoencoder/layers.hpp"

#include "kernels/layers/activation.hpp"
#include "kernels/layers/bias_gradient.hpp"
#include "kernels/layers/max_pool.hpp"
#include "kernels/layers/swap_inner.hpp"
#include "kernels/layers/upsample.hpp"
#include "math/layout.hpp"
#include "math/matrix.hpp"

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
                                   const LayerParameters& parameters)
    : convolution_(context,
                   {.batch = setting.batch,
                    .in_channels = input.channels,
                    .out_channels = spec.outputs,
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

DenseLayer::DenseLayer(math::Context& context, const LayerSetting& setting, const ImageShape& input,
                       const LayerSpec& spec, const LayerParameters& parameters)
    : shape_{.batch = setting.batch, .inputs = input.size(), .outputs = spec.outputs},
      dense_(context, shape_, spec.relu),
      parameters_(parameters),
      bias_partials_(kernels::bias_partial_count({shape_.batch, shape_.outputs})),
      input_from_relu_(setting.input_from_relu) {}

void DenseLayer::forward(math::Context& context, const float* x, float* y) {
  dense_.forward(context, x, parameters_.weight, parameters_.bias, y);
}

void DenseLayer::backward(math::Context& context, const float* x, const float* /*y*/,
                          const float* dy, float* dx) {
  using math::Transpose;
  const auto [batch, inputs, outputs] = shape_;
  math::matrix_product(context, Transpose::yes, Transpose::no, outputs, inputs, batch, 1.f, dy, x,
                       0.f, parameters_.weight_gradient);
  kernels::bias_gradient(context.stream(), dy, {batch, outputs}, bias_partials_.span(),
                         parameters_.bias_gradient);
  if (dx == nullptr) return;
  math::matrix_product(context, Transpose::no, Transpose::no, batch, inputs, outputs, 1.f, dy,
                       parameters_.weight, 0.f, dx);
  if (input_from_relu_) {
    kernels::relu_backward(context.stream(), {x, batch * inputs}, {dx, batch * inputs});
  }
}

ReorderLayer::ReorderLayer(const LayerSetting& setting, const ImageShape& shape,
                           Direction direction)
    : batch_(setting.batch),
      outer_(direction == Direction::to_file ? shape.height * shape.width : shape.channels),
      inner_(shape.size() / outer_),
      input_from_relu_(setting.input_from_relu) {}

bool ReorderLayer::needed(const ImageShape& shape) {
  return math::kImageLayout == ImageLayout::nhwc && shape.channels > 1 &&
         shape.height * shape.width > 1;
}

void ReorderLayer::forward(math::Context& context, const float* x, float* y) {
  kernels::swap_inner(context.stream(), x, batch_, outer_, inner_, y);
}

void ReorderLayer::backward(math::Context& context, const float* x, const float* /*y*/,
                            const float* dy, float* dx) {
  if (dx == nullptr) return;
  kernels::swap_inner(context.stream(), dy, batch_, inner_, outer_, dx);
  const std::size_t count = batch_ * outer_ * inner_;
  if (input_from_relu_) kernels::relu_backward(context.stream(), {x, count}, {dx, count});
}

}  // namespace hourglass::HOURGLASS_TARGET
