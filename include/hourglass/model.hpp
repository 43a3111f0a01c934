// What an autoencoder is made of, as a value: layers by name and size, not code.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hourglass {

/// One image: channels, rows, columns.
struct ImageShape {
  std::size_t channels = 1;
  std::size_t height = 0;
  std::size_t width = 0;

  [[nodiscard]] std::size_t size() const { return channels * height * width; }
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

enum class LayerKind {
  convolution,  ///< 3 x 3, same padding, with bias
  max_pool,     ///< 2 x 2, stride 2
  upsample,     ///< nearest neighbour, by two
};

struct LayerSpec {
  LayerKind kind;
  std::size_t channels = 0;  ///< convolution: output channels
  bool relu = false;         ///< convolution: max(0, .) follows
};

/// The decoder's last layer gives logits; a sigmoid follows it, as part of the loss while training.
struct Model {
  std::string name;
  ImageShape input;
  std::vector<LayerSpec> encoder;
  std::vector<LayerSpec> decoder;

  /// Encoder and decoder, one after the other.
  [[nodiscard]] std::vector<LayerSpec> layers() const;
  /// Shape before each layer and after the last; layers().size() + 1 entries. Throws Error where a
  /// layer does not fit what it is given.
  [[nodiscard]] std::vector<ImageShape> shapes() const;
  [[nodiscard]] ImageShape latent() const;
};

/// A trainable tensor: its name in files, its shape there, and where its initial values come from.
struct ParameterSpec {
  std::string name;  ///< "conv1.weight", "conv1.bias", ...
  Shape shape;       ///< (out, in, 3, 3) or (out)
  std::size_t fan_in;
  std::size_t fan_out;
};

/// In the order of the layers, weight before bias.
[[nodiscard]] std::vector<ParameterSpec> parameter_specs(const Model& model);

/// The first article's convolutional autoencoder, 28 x 28, 3,217 parameters:
///   conv 1->16, relu, pool, conv 16->8, relu, pool          (latent 8 x 7 x 7 = 392)
///   conv 8->8, relu, up, conv 8->16, relu, up, conv 16->1   (sigmoid)
[[nodiscard]] Model conv_model();

/// A model that ships with the library. Throws UsageError for an unknown name.
[[nodiscard]] Model find_model(std::string_view name);

}  // namespace hourglass
