// The layers there are.
#pragma once

#include <cstdint>
#include <hourglass/model.hpp>

#include "autoencoder/layer.hpp"
#include "device/buffer.hpp"
#include "kernels/layers/planes.hpp"
#include "math/convolution.hpp"
#include "math/dense.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// 3 x 3 convolution, bias and optional relu.
class ConvolutionLayer final : public Layer {
 public:
  ConvolutionLayer(math::Context& context, const LayerSetting& setting, const ImageShape& input,
                   const LayerSpec& spec, const LayerParameters& parameters);

  [[nodiscard]] const char* name() const override { return "convolution"; }
  void forward(math::Context& context, const float* x, float* y) override;
  void backward(math::Context& context, const float* x, const float* y, const float* dy,
                float* dx) override;

 private:
  math::Convolution convolution_;
  LayerParameters parameters_;
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

/// All inputs to all outputs, bias and optional relu. Its input is in file order.
class DenseLayer final : public Layer {
 public:
  DenseLayer(math::Context& context, const LayerSetting& setting, const ImageShape& input,
             const LayerSpec& spec, const LayerParameters& parameters);

  [[nodiscard]] const char* name() const override { return "dense"; }
  void forward(math::Context& context, const float* x, float* y) override;
  void backward(math::Context& context, const float* x, const float* y, const float* dy,
                float* dx) override;

 private:
  math::DenseShape shape_;
  math::Dense dense_;
  LayerParameters parameters_;
  device::Buffer<float> bias_partials_;
  bool input_from_relu_;
};

/// From this target's order in memory to that of files, or back; only where the two differ.
class ReorderLayer final : public Layer {
 public:
  enum class Direction { to_file, from_file };
  ReorderLayer(const LayerSetting& setting, const ImageShape& shape, Direction direction);

  /// Whether a map of this shape lies otherwise in this target's memory than in files.
  [[nodiscard]] static bool needed(const ImageShape& shape);

  [[nodiscard]] const char* name() const override { return "reorder"; }
  void forward(math::Context& context, const float* x, float* y) override;
  void backward(math::Context& context, const float* x, const float* y, const float* dy,
                float* dx) override;

 private:
  std::size_t batch_;
  std::size_t outer_;  // of x, an image; y has them the other way round
  std::size_t inner_;
  bool input_from_relu_;
};

}  // namespace hourglass::HOURGLASS_TARGET
