#include <hourglass/error.hpp>
#include <hourglass/model.hpp>
#include <string>

namespace hourglass {
namespace {

/// More than any image of ours, and few enough for 32-bit indices.
constexpr std::size_t kMaxValues = std::size_t{1} << 24;
/// Half a gigabyte, and as much again for each of gradient and moments.
constexpr std::size_t kMaxParameters = std::size_t{1} << 27;

/// Whether a product of counts is over a limit, without computing what would not fit.
bool too_large(const ImageShape& shape) {
  return shape.channels > kMaxValues || shape.height > kMaxValues || shape.width > kMaxValues ||
         shape.channels * shape.height > kMaxValues || shape.size() > kMaxValues;
}

ImageShape output_shape(const LayerSpec& layer, const ImageShape& input, const std::string& where) {
  switch (layer.kind) {
    case LayerKind::convolution:
      if (layer.outputs == 0) throw Error(where + ": a convolution needs at least one output");
      return {layer.outputs, input.height, input.width};
    case LayerKind::max_pool:
      if (input.height < 2 || input.width < 2) {
        throw Error(where + ": cannot pool 2 x 2 windows of a map of " + to_string(input));
      }
      return {input.channels, input.height / 2, input.width / 2};
    case LayerKind::upsample:
      return {input.channels, 2 * input.height, 2 * input.width};
    case LayerKind::dense:
      if (layer.outputs == 0) throw Error(where + ": a dense layer needs at least one output");
      return {layer.outputs, 1, 1};
    case LayerKind::reshape:
      if (too_large(layer.shape) || layer.shape.size() != input.size()) {
        throw Error(where + ": cannot reshape " + std::to_string(input.size()) + " values (" +
                    to_string(input) + ") to " + to_string(layer.shape));
      }
      return layer.shape;
  }
  throw Error(where + ": unknown kind of layer");
}

}  // namespace

std::string to_string(const ImageShape& shape) {
  return std::to_string(shape.channels) + " x " + std::to_string(shape.height) + " x " +
         std::to_string(shape.width);
}

std::vector<LayerSpec> Model::layers() const {
  std::vector<LayerSpec> all = encoder;
  all.insert(all.end(), decoder.begin(), decoder.end());
  if (!all.empty() && all.back().kind == LayerKind::dense && all.back().outputs == input.size()) {
    all.push_back({.kind = LayerKind::reshape, .shape = input});
  }
  return all;
}

std::vector<ImageShape> Model::shapes() const {
  const std::string model = "model '" + name + "'";
  if (too_large(input) || input.size() == 0) {
    throw Error(model + ": an input of " + to_string(input) + "; expected 1 to " +
                std::to_string(kMaxValues) + " values");
  }
  if (encoder.empty()) throw Error(model + ": the encoder has no layers");
  if (decoder.empty()) throw Error(model + ": the decoder has no layers");
  if (!decoder.back().trainable() || decoder.back().relu) {
    throw Error(model + ": the decoder must end with a convolution or dense layer without a relu");
  }
  std::vector<ImageShape> shapes{input};
  std::size_t number = 0;
  for (const LayerSpec& layer : layers()) {
    const bool encodes = number < encoder.size();
    const std::size_t own = encodes ? number : number - encoder.size();
    const std::string where =
        model + (encodes ? ", encoder layer " : ", decoder layer ") + std::to_string(own + 1);
    shapes.push_back(output_shape(layer, shapes.back(), where));
    if (too_large(shapes.back())) {
      throw Error(where + ": gives " + to_string(shapes.back()) + ", which is more than " +
                  std::to_string(kMaxValues) + " values");
    }
    ++number;
  }
  if (shapes.back() != input) {
    throw Error(model + ": the decoder ends with " + to_string(shapes.back()) +
                ", but the input is " + to_string(input));
  }
  return shapes;
}

ImageShape Model::latent() const {
  return shapes()[encoder.size()];
}

std::vector<ParameterSpec> parameter_specs(const Model& model) {
  std::vector<ParameterSpec> specs;
  std::size_t parameters = 0;
  const auto shapes = model.shapes();
  const auto layers = model.layers();
  std::size_t convolutions = 0;
  std::size_t dense_layers = 0;
  const auto add = [&](const std::string& layer, const Shape& weight, std::size_t taps) {
    const std::size_t in = weight[1] * taps;
    const std::size_t out = weight[0] * taps;
    parameters += weight[0] * (in + 1);
    if (parameters > kMaxParameters) {
      throw Error("model '" + model.name + "': layer " + layer + " makes " +
                  std::to_string(parameters) + " parameters; at most " +
                  std::to_string(kMaxParameters) + " are possible");
    }
    specs.push_back({layer + ".weight", weight, in, out});
    specs.push_back({layer + ".bias", {weight[0]}, in, out});
  };
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::size_t out = layers[i].outputs;
    if (layers[i].kind == LayerKind::convolution) {
      add("conv" + std::to_string(++convolutions), {out, shapes[i].channels, 3, 3}, 9);
    } else if (layers[i].kind == LayerKind::dense) {
      add("dense" + std::to_string(++dense_layers), {out, shapes[i].size()}, 1);
    }
  }
  return specs;
}

}  // namespace hourglass
