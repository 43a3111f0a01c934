// What an autoencoder is made of, as a value: layers by name and size, not code.
//
// The same as JSON, which `--model FILE.json` reads (docs/models.md):
//
//   {"name": "mine", "input": [1, 8, 8],
//    "encoder": [{"type": "dense", "outputs": 4, "activation": "relu"}],
//    "decoder": [{"type": "dense", "outputs": 64, "activation": "sigmoid"}]}
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/loss.hpp>
#include <hourglass/names.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hourglass {

/// One image: channels, rows, columns. Rows of n values that are no images are 1 x 1 x n.
struct ImageShape {
  std::size_t channels = 1;
  std::size_t height = 0;
  std::size_t width = 0;

  [[nodiscard]] std::size_t size() const { return channels * height * width; }
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// "1 x 28 x 28"
[[nodiscard]] std::string to_string(const ImageShape& shape);

enum class LayerKind {
  convolution,  ///< 3 x 3, same padding, with bias
  max_pool,     ///< 2 x 2, stride 2
  upsample,     ///< nearest neighbour, by two
  dense,        ///< all to all, with bias; takes what it is given in channel, row, column order
  reshape,      ///< the same values in another shape, in channel, row, column order
};
template <>
inline constexpr std::array<std::string_view, 5> kNames<LayerKind> = {
    "convolution", "max_pool", "upsample", "dense", "reshape"};

struct LayerSpec {
  LayerKind kind = LayerKind::dense;
  std::size_t outputs = 0;  ///< convolution: channels; dense: values
  bool relu = false;        ///< convolution, dense: max(0, .) follows
  ImageShape shape = {};    ///< reshape

  /// Whether it has a weight and a bias.
  [[nodiscard]] bool trainable() const {
    return kind == LayerKind::convolution || kind == LayerKind::dense;
  }
};

/// How a model is trained unless one says otherwise.
struct TrainingDefaults {
  std::size_t epochs = 10;
  std::size_t batch_size = 64;
  double learning_rate = 1e-3;
  Loss loss = Loss::bce;

  friend bool operator==(const TrainingDefaults&, const TrainingDefaults&) = default;
};

/// The decoder's last layer is a convolution or dense. The sigmoid that follows it, unless `output`
/// is none, is part of the loss while training.
struct Model {
  std::string name;
  ImageShape input;
  std::vector<LayerSpec> encoder;
  std::vector<LayerSpec> decoder;
  TrainingDefaults training = {};
  OutputActivation output = OutputActivation::sigmoid;

  /// Encoder and decoder, one after the other, and a reshape to images where dense ends it.
  [[nodiscard]] std::vector<LayerSpec> layers() const;
  /// Shape before each layer and after the last; layers().size() + 1 entries. Throws Error where a
  /// layer does not fit what it is given, or the model makes no sense.
  [[nodiscard]] std::vector<ImageShape> shapes() const;
  [[nodiscard]] ImageShape latent() const;
};

/// A trainable tensor: its name in files, its shape there, and where its initial values come from.
struct ParameterSpec {
  std::string name;  ///< "conv1.weight", "conv1.bias", "dense1.weight", ...
  Shape shape;       ///< (out, in, 3, 3), (out, in) or (out)
  std::size_t fan_in;
  std::size_t fan_out;
};

/// In the order of the layers, weight before bias.
[[nodiscard]] std::vector<ParameterSpec> parameter_specs(const Model& model);

/// The first article's convolutional autoencoder, 28 x 28, 3,217 parameters:
///   conv 1->16, relu, pool, conv 16->8, relu, pool          (latent 8 x 7 x 7 = 392)
///   conv 8->8, relu, up, conv 8->16, relu, up, conv 16->1   (sigmoid)
[[nodiscard]] Model conv_model();

/// The second article's dense autoencoder, 8 x 8, 2,276 parameters:
///   dense 64->16, relu, dense 16->4, relu (latent 4), dense 4->16, relu, dense 16->64 (sigmoid)
[[nodiscard]] Model dense_model();

/// A model that ships with the library. Throws UsageError for an unknown name.
[[nodiscard]] Model find_model(std::string_view name);
[[nodiscard]] std::vector<std::string> model_names();

/// A model from its JSON. Throws Error, naming `source` and the layer, for anything that is not as
/// docs/models.md says, and for layers that do not fit.
[[nodiscard]] Model parse_model(std::string_view json, const std::string& source);
[[nodiscard]] Model load_model(const std::filesystem::path& file);
/// The JSON that parse_model takes, on one line.
[[nodiscard]] std::string to_json(const Model& model);

}  // namespace hourglass
