#include "autoencoder/parameters.hpp"

#include <cmath>

#include "kernels/data/draws.hpp"

namespace hourglass {

ParameterLayout::ParameterLayout(const Model& model) : specs_(parameter_specs(model)) {
  constexpr std::size_t kAlignment = 64 / sizeof(float);
  for (const ParameterSpec& spec : specs_) {
    const std::size_t size = element_count(spec.shape);
    offsets_.push_back(flat_size_);
    flat_size_ += (size + kAlignment - 1) / kAlignment * kAlignment;
    count_ += size;
  }
}

float glorot_limit(const ParameterSpec& weight) {
  return std::sqrt(6.f / static_cast<float>(weight.fan_in + weight.fan_out));
}

std::vector<float> glorot_uniform(const ParameterLayout& layout, std::uint64_t seed) {
  std::vector<float> flat(layout.flat_size());
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const ParameterSpec& spec = layout.specs()[t];
    if (spec.shape.size() == 1) continue;  // a bias
    const float limit = glorot_limit(spec);
    for (std::size_t i = 0; i < element_count(spec.shape); ++i) {
      flat[layout.offset(t) + i] = fresh_weight(seed, t, i, limit);
    }
  }
  return flat;
}

}  // namespace hourglass
