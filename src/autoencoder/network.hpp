// A run of layers at one batch size, with the memory between them. What goes in and comes out lies
// as in files; in between feature maps lie as the target likes them.
#pragma once

#include <hourglass/model.hpp>
#include <memory>
#include <span>
#include <vector>

#include "autoencoder/layer.hpp"
#include "autoencoder/layer_range.hpp"
#include "autoencoder/parameters.hpp"
#include "device/buffer.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

enum class Purpose { inference, training };

/// The flat buffers a network reads weights from and, for training, writes gradients to.
struct ParameterBuffers {
  const float* values;
  float* gradient;  ///< null for inference
};

/// Values of the largest map between some layers, for one image.
[[nodiscard]] std::size_t largest_map(const Model& model, LayerRange range);

/// Values that a batch's map can have: kernels and libraries count them in 32 bits, libraries with
/// a sign.
inline constexpr std::size_t kMaxMapValues = (std::size_t{1} << 31U) - 1;

/// The batch whose largest map takes about so many bytes: at least one image, and no more than can
/// be counted.
[[nodiscard]] std::size_t batch_for(std::size_t largest_map, std::size_t bytes);

class Network {
 public:
  Network(math::Context& context, const Model& model, const ParameterLayout& layout,
          ParameterBuffers parameters, LayerRange range, std::size_t batch, Purpose purpose);

  /// The batch to run forward on, (batch, input) in file order; forward leaves it as it is.
  [[nodiscard]] std::span<float> input() { return values_.front(); }
  [[nodiscard]] std::span<float> output() { return values_.back(); }

  void forward(math::Context& context);
  /// From the gradient at the output, which is overwritten, to all parameter gradients.
  void backward(math::Context& context);
  [[nodiscard]] std::span<float> output_gradient() { return gradients_.back(); }

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<device::Buffer<float>> memory_;
  /// values_[i] goes into layer i and values_[i + 1] comes out. For training all are kept; for
  /// inference those after the input take turns in two buffers, as gradients always do.
  std::vector<std::span<float>> values_;
  std::vector<std::span<float>> gradients_;
};

}  // namespace hourglass::HOURGLASS_TARGET
