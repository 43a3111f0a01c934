#include "autoencoder/network.hpp"

#include <algorithm>
#include <array>
#include <hourglass/error.hpp>
#include <string>
#include <utility>

#include "autoencoder/layers.hpp"
#include "device/range.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

std::unique_ptr<Layer> make_layer(math::Context& context, const LayerSetting& setting,
                                  const ImageShape& input, const LayerSpec& spec,
                                  const LayerParameters& parameters) {
  switch (spec.kind) {
    case LayerKind::convolution:
      return std::make_unique<ConvolutionLayer>(context, setting, input, spec, parameters);
    case LayerKind::max_pool:
      return std::make_unique<MaxPoolLayer>(setting, input);
    case LayerKind::upsample:
      return std::make_unique<UpsampleLayer>(setting, input);
    case LayerKind::dense:
      return std::make_unique<DenseLayer>(context, setting, input, spec, parameters);
    case LayerKind::reshape:
      break;  // nothing moves: values in file order are the same in any shape
  }
  return nullptr;
}

LayerParameters layer_parameters(const ParameterLayout& layout, const ParameterBuffers& buffers,
                                 std::size_t tensor) {
  const auto gradient = [&](std::size_t t) {
    return buffers.gradient == nullptr ? nullptr : buffers.gradient + layout.offset(t);
  };
  return {buffers.values + layout.offset(tensor), buffers.values + layout.offset(tensor + 1),
          gradient(tensor), gradient(tensor + 1)};
}

}  // namespace

std::size_t largest_map(const Model& model, LayerRange range) {
  std::size_t largest = 0;
  const auto shapes = model.shapes();
  for (std::size_t i = range.first; i <= range.last; ++i) {
    largest = std::max(largest, shapes[i].size());
  }
  return largest;
}

std::size_t batch_for(std::size_t largest_map, std::size_t bytes) {
  return std::clamp(bytes / (largest_map * sizeof(float)), std::size_t{1},
                    std::max(kMaxMapValues / largest_map, std::size_t{1}));
}

Network::Network(math::Context& context, const Model& model, const ParameterLayout& layout,
                 ParameterBuffers parameters, LayerRange range, std::size_t batch,
                 Purpose purpose) {
  const auto specs = model.layers();
  const auto shapes = model.shapes();
  if (const std::size_t map = largest_map(model, range); batch > kMaxMapValues / map) {
    throw Error("a batch of " + std::to_string(batch) + " images makes a map of " +
                std::to_string(batch) + " x " + std::to_string(map) + " values in model '" +
                model.name + "'; at most " + std::to_string(kMaxMapValues) +
                " can be counted: use a smaller batch");
  }
  std::vector<std::size_t> sizes{batch * shapes[range.first].size()};
  bool relu_below = false;
  bool in_file_order = true;
  const auto add = [&](std::unique_ptr<Layer> layer, std::size_t output_size, bool relu) {
    layers_.push_back(std::move(layer));
    sizes.push_back(batch * output_size);
    relu_below = relu;
  };
  const auto bring_to = [&](bool file_order, const ImageShape& shape) {
    if (file_order != in_file_order && ReorderLayer::needed(shape)) {
      add(std::make_unique<ReorderLayer>(
              LayerSetting{batch, relu_below}, shape,
              file_order ? ReorderLayer::Direction::to_file : ReorderLayer::Direction::from_file),
          shape.size(), false);
    }
    in_file_order = file_order;
  };
  std::size_t tensor = 0;
  for (std::size_t i = 0; i < range.last; ++i) {
    const LayerSpec& spec = specs[i];
    if (i >= range.first) {
      bring_to(spec.kind == LayerKind::dense || spec.kind == LayerKind::reshape, shapes[i]);
      const auto own =
          spec.trainable() ? layer_parameters(layout, parameters, tensor) : LayerParameters{};
      if (auto layer = make_layer(context, {batch, relu_below}, shapes[i], spec, own)) {
        add(std::move(layer), shapes[i + 1].size(), spec.relu);
      }
    }
    if (spec.trainable()) tensor += 2;
  }
  bring_to(true, shapes[range.last]);

  const std::size_t largest = *std::max_element(sizes.begin(), sizes.end());
  const auto own_buffer = [&](std::size_t size) {
    memory_.emplace_back(size);
    return memory_.back().span();
  };
  const std::array<std::span<float>, 2> turns{own_buffer(largest), own_buffer(largest)};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto turn = turns[i % 2].first(sizes[i]);
    const bool kept = i == 0 || purpose == Purpose::training;
    values_.push_back(kept ? own_buffer(sizes[i]) : turn);
    gradients_.push_back(turn);  // not read in inference
  }
}

void Network::forward(math::Context& context) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Range range(layers_[i]->name());
    layers_[i]->forward(context, values_[i].data(), values_[i + 1].data());
  }
}

void Network::backward(math::Context& context) {
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const Range range(layers_[i]->name());
    layers_[i]->backward(context, values_[i].data(), values_[i + 1].data(),
                         gradients_[i + 1].data(), i == 0 ? nullptr : gradients_[i].data());
  }
}

}  // namespace hourglass::HOURGLASS_TARGET
