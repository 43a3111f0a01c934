// Parameters from golden files, and how far training moved them from there.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <span>
#include <string>
#include <vector>

#include "autoencoder/parameters.hpp"
#include "support/golden.hpp"
#include "support/relative_error.hpp"

namespace hourglass {

inline std::vector<float> flat_parameters(const ParameterLayout& layout, const Golden& golden,
                                          const std::string& prefix) {
  std::vector<float> flat(layout.flat_size());
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    std::ranges::copy(golden[prefix + layout.specs()[t].name].values,
                      flat.begin() + static_cast<std::ptrdiff_t>(layout.offset(t)));
  }
  return flat;
}

inline Array<std::uint8_t> to_bytes(const Array<float>& images) {
  Array<std::uint8_t> bytes(images.shape);
  std::ranges::transform(images.values, bytes.values.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::lround(value * 255.f));
  });
  return bytes;
}

/// The largest, over tensors, of ||moved - expected|| / ||expected||.
inline double movement_error(const ParameterLayout& layout, std::vector<float> moved,
                             const Golden& golden, const std::string& prefix) {
  const auto initial = flat_parameters(layout, golden, "initial.");
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= initial[i];
  double worst = 0.0;
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const auto& expected = golden[prefix + layout.specs()[t].name];
    worst = std::max(
        worst, test::relative_error<float>(
                   std::span(moved).subspan(layout.offset(t), expected.size()), expected.values));
  }
  return worst;
}

}  // namespace hourglass
