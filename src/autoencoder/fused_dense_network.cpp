#include "autoencoder/fused_dense_network.hpp"

namespace hourglass::HOURGLASS_TARGET {

FusedDenseDescription describe_for_fused_dense(const Model& model, const ParameterLayout& layout) {
  constexpr std::size_t kMostParameters = std::size_t{1} << 22U;  // for indices of 32 bits
  if (layout.flat_size() > kMostParameters) {
    return {.problem = "its " + std::to_string(layout.count()) +
                       " parameters are too many for the memory of one block"};
  }
  FusedDenseDescription result;
  fused_dense::Network& net = result.sizes;
  net.parameters = static_cast<int>(layout.flat_size());
  const auto layers = model.layers();
  auto inputs = static_cast<int>(model.input.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i == model.encoder.size()) net.code = net.depth;
    if (layers[i].kind == LayerKind::reshape) continue;  // the same values in the same order
    if (layers[i].kind != LayerKind::dense) {
      return {.problem = "layer " + std::to_string(i + 1) +
                         " is not dense; the fused engine trains dense layers, or convolutions"
                         " with pooling and upsampling, but no mixtures"};
    }
    if (net.depth == fused_dense::kMaxLayers) {
      return {.problem = "it has more than the " + std::to_string(fused_dense::kMaxLayers) +
                         " dense layers that the fused engine knows"};
    }
    const auto tensor = static_cast<std::size_t>(2 * net.depth);
    const auto outputs = static_cast<int>(layers[i].outputs);
    net.layer[net.depth++] = {.inputs = inputs,
                              .outputs = outputs,
                              .relu = layers[i].relu,
                              .limit = glorot_limit(layout.specs()[tensor]),
                              .weight = static_cast<int>(layout.offset(tensor)),
                              .bias = static_cast<int>(layout.offset(tensor + 1))};
    inputs = outputs;
  }
  if (net.code == 0) return {.problem = "its encoder has no dense layer"};
  return result;
}

}  // namespace hourglass::HOURGLASS_TARGET
