#include "autoencoder/fused_network.hpp"

#include <cstddef>

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr const char* kFamily =
    "the fused engine takes encoders of [convolution, relu, max pool] and decoders of "
    "[convolution, relu, upsample], as often, and a last convolution";

/// What the family has in this place.
struct Expected {
  LayerKind kind;
  bool relu;
};

const char* text(LayerKind kind) {
  switch (kind) {
    case LayerKind::convolution:
      return "a convolution";
    case LayerKind::max_pool:
      return "a max pool";
    case LayerKind::upsample:
      return "an upsampling";
    case LayerKind::dense:
      return "dense";
    case LayerKind::reshape:
      return "a reshape";
  }
  return "unknown";
}

}  // namespace

FusedDescription describe_for_fused(const Model& model) {
  constexpr std::size_t kMostChannels = 1024;
  const auto layers = model.layers();
  const std::size_t depth = model.encoder.size() / 2;
  FusedDescription result;
  const auto refuse = [&](const std::string& what) {
    result.problem = what + "; " + kFamily;
    return result;
  };
  if (model.input.size() > std::size_t{1} << 24U || model.input.channels > kMostChannels) {
    return refuse("images of " + to_string(model.input) + " are too large");
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool in_encoder = i < model.encoder.size();
    const bool first_of_pair = (in_encoder ? i : i - model.encoder.size()) % 2 == 0;
    const bool last = i + 1 == layers.size();
    const Expected expected{first_of_pair ? LayerKind::convolution
                            : in_encoder  ? LayerKind::max_pool
                                          : LayerKind::upsample,
                            first_of_pair && !last};
    const std::string name = "layer " + std::to_string(i + 1);
    if (layers[i].kind != expected.kind) {
      return refuse(name + " is " + text(layers[i].kind) + ", not " + text(expected.kind));
    }
    if (layers[i].relu != expected.relu) {
      return refuse(name + (expected.relu ? " has no relu" : " has a relu"));
    }
    if (layers[i].outputs > kMostChannels) {
      return refuse(name + " has " + std::to_string(layers[i].outputs) + " outputs, at most " +
                    std::to_string(kMostChannels) + " are known");
    }
  }
  if (model.encoder.size() != 2 * depth || model.decoder.size() != 2 * depth + 1 || depth == 0) {
    return refuse("the encoder has " + std::to_string(model.encoder.size()) +
                  " layers, the decoder " + std::to_string(model.decoder.size()));
  }
  if (depth > static_cast<std::size_t>(fused::kMaxDepth)) {
    return refuse("the encoder pools " + std::to_string(depth) + " times, at most " +
                  std::to_string(fused::kMaxDepth) + " are known");
  }
  fused::Description& known = result.description;
  known.channels = static_cast<int>(model.input.channels);
  known.height = static_cast<int>(model.input.height);
  known.width = static_cast<int>(model.input.width);
  known.depth = static_cast<int>(depth);
  for (std::size_t k = 0; k < depth; ++k) {
    known.encoder[k] = static_cast<int>(model.encoder[2 * k].outputs);
    known.decoder[k] = static_cast<int>(model.decoder[2 * k].outputs);
  }
  return result;
}

fused::Network fused_network(const fused::Description& description, const fused::MemoryPlan& plan,
                             bool corrupts, const ParameterLayout& layout) {
  fused::Network net = fused::lay_out(description, plan, corrupts);
  for (int i = 0; i < net.convolutions(); ++i) {
    const auto tensor = static_cast<std::size_t>(2 * i);
    net.convolution[i].weight = static_cast<int>(layout.offset(tensor));
    net.convolution[i].bias = static_cast<int>(layout.offset(tensor + 1));
  }
  net.parameters = static_cast<int>(layout.flat_size());
  return net;
}

}  // namespace hourglass::HOURGLASS_TARGET
