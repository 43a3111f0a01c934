#include <hourglass/error.hpp>
#include <hourglass/model.hpp>
#include <iterator>
#include <string>

namespace hourglass {
namespace {

std::string describe(const ImageShape& shape) {
  return std::to_string(shape.channels) + " x " + std::to_string(shape.height) + " x " +
         std::to_string(shape.width);
}

ImageShape output_shape(const LayerSpec& layer, const ImageShape& input, const std::string& where) {
  switch (layer.kind) {
    case LayerKind::convolution:
      if (layer.channels == 0) throw Error(where + ": a convolution needs at least one channel");
      return {layer.channels, input.height, input.width};
    case LayerKind::max_pool:
      if (input.height < 2 || input.width < 2) {
        throw Error(where + ": cannot pool 2 x 2 windows of a map of " + describe(input));
      }
      return {input.channels, input.height / 2, input.width / 2};
    case LayerKind::upsample:
      return {input.channels, 2 * input.height, 2 * input.width};
  }
  throw Error(where + ": unknown kind of layer");
}

LayerSpec convolution(std::size_t channels, bool relu) {
  return {.kind = LayerKind::convolution, .channels = channels, .relu = relu};
}

}  // namespace

std::vector<LayerSpec> Model::layers() const {
  std::vector<LayerSpec> all = encoder;
  all.insert(all.end(), decoder.begin(), decoder.end());
  return all;
}

std::vector<ImageShape> Model::shapes() const {
  if (input.size() == 0) throw Error("model '" + name + "': the input is empty");
  std::vector<ImageShape> shapes{input};
  std::size_t number = 0;
  for (const LayerSpec& layer : layers()) {
    const std::string where = "model '" + name + "', layer " + std::to_string(++number);
    shapes.push_back(output_shape(layer, shapes.back(), where));
  }
  if (shapes.back() != input) {
    throw Error("model '" + name + "': the decoder ends with " + describe(shapes.back()) +
                ", but the input is " + describe(input));
  }
  return shapes;
}

ImageShape Model::latent() const {
  return shapes()[encoder.size()];
}

std::vector<ParameterSpec> parameter_specs(const Model& model) {
  std::vector<ParameterSpec> specs;
  const auto shapes = model.shapes();
  const auto layers = model.layers();
  std::size_t convolutions = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].kind != LayerKind::convolution) continue;
    const std::string name = "conv" + std::to_string(++convolutions);
    const std::size_t in = shapes[i].channels;
    const std::size_t out = layers[i].channels;
    constexpr std::size_t kTaps = 9;
    specs.push_back({name + ".weight", {out, in, 3, 3}, in * kTaps, out * kTaps});
    specs.push_back({name + ".bias", {out}, in * kTaps, out * kTaps});
  }
  return specs;
}

Model conv_model() {
  constexpr LayerSpec kPool{.kind = LayerKind::max_pool};
  constexpr LayerSpec kUp{.kind = LayerKind::upsample};
  return {
      .name = "conv",
      .input = {1, 28, 28},
      .encoder = {convolution(16, true), kPool, convolution(8, true), kPool},
      .decoder = {convolution(8, true), kUp, convolution(16, true), kUp, convolution(1, false)}};
}

Model find_model(std::string_view name) {
  if (name == "conv") return conv_model();
  throw UsageError("unknown model '" + std::string(name) + "'; this version has: conv");
}

}  // namespace hourglass
