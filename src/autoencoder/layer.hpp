// One layer of a network, at a fixed batch size.
//
// Gradients travel in one convention: the `dy` a layer is given is the gradient at its output
// before its own relu, so each layer, knowing from its input x where the relu below let through (x
// > 0), masks the dx it hands down. This folds every relu's backward into a pass that is made
// anyway.
#pragma once

#include <memory>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

class Layer {
 public:
  Layer() = default;
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  [[nodiscard]] virtual const char* name() const = 0;
  virtual void forward(math::Context& context, const float* x, float* y) = 0;
  /// Writes the layer's parameter gradients and, unless dx is null, the gradient for below. x and y
  /// are as forward had and left them.
  virtual void backward(math::Context& context, const float* x, const float* y, const float* dy,
                        float* dx) = 0;
};

/// What a layer is made for.
struct LayerSetting {
  std::size_t batch;
  bool input_from_relu;  ///< the layer below ends with one
};

/// A layer's tensors in the flat buffers; the gradients are null in a network for inference.
struct LayerParameters {
  const float* weight;
  const float* bias;
  float* weight_gradient;
  float* bias_gradient;
};

}  // namespace hourglass::HOURGLASS_TARGET
