// The layers there are.
#pragma once

#include <cstdint>
#include <hourglass/model.hpp>

#include "autoencoder/layer.hpp"
#include "math/convolution.hpp"
#include "math/layout.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// 3 x 3 convolution, bias and optional relu.
class ConvolutionLayer final : public Layer {
 public:
  ConvolutionLayer(math::Context& context, const LayerSetting& setting, const ImageShape& input,
                   const LayerSpec& spec, const ConvolutionParameters& parameters);

  [[nodiscard]] const char* name() const override { return "convolution"; }
  void forward(math::Context& context, const float* x, float* y) override;
  void backward(math::Context& context, const float* x, const float* y, const float* dy,
                float* dx) override;

 private:
  math::Convolution convolution_;
  ConvolutionParameters parameters_;
  std::size_t input_size_;
  bool input_from_relu_;
};

/// 2 x 2 max pooling.
class MaxPoolLayer final : public Layer {
 public:
  MaxPoolLayer(const LayerSetting& setting, const ImageShape& input);

  [[nodiscard]] const char* name() const override { return "max pool"; }
  void forward(math::Context& context, const float* x, float* y) override;
  void backward(math::Context& context, const float* x, const float* y, const float* dy,
                float* dx) override;

 private:
  Planes input_;
  bool input_from_relu_;
};

/// Nearest-neighbour upsampling by two.
class UpsampleLayer final : public Layer {
 public:
  UpsampleLayer(const LayerSetting& setting, const ImageShape& input);

  [[nodiscard]] const char* name() const override { return "upsample"; }
  void forward(math::Context& context, const float* x, float* y) override;
  void backward(math::Context& context, const float* x, const float* y, const float* dy,
                float* dx) override;

 private:
  Planes output_;
  bool input_from_relu_;
};

}  // namespace hourglass::HOURGLASS_TARGET
