#include "autoencoder/parameters.hpp"

#include <cmath>

#include "kernels/data/philox.hpp"
#include "kernels/data/random_stream.hpp"

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

std::vector<float> glorot_uniform(const ParameterLayout& layout, std::uint64_t seed) {
  std::vector<float> flat(layout.flat_size());
  const Philox random{seed};
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const ParameterSpec& spec = layout.specs()[t];
    if (spec.shape.size() == 1) continue;  // a bias
    const float limit = std::sqrt(6.f / static_cast<float>(spec.fan_in + spec.fan_out));
    for (std::size_t i = 0; i < element_count(spec.shape); ++i) {
      flat[layout.offset(t) + i] =
          limit *
          (2.f * uniform(random(i, stream_number(RandomStream::initial_weights, t))[0]) - 1.f);
    }
  }
  return flat;
}

}  // namespace hourglass
