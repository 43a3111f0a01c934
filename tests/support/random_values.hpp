// Inputs for tests of kernels and of the libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace hourglass::test {

/// Evenly spread over [low, high), the same at every run.
inline std::vector<float> random_values(std::size_t size, float low, float high,
                                        std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    value = low + (high - low) * static_cast<float>(random() >> 8U) * 0x1p-24F;
  }
  return values;
}

inline std::vector<double> in_double(std::span<const float> values) {
  return {values.begin(), values.end()};
}

}  // namespace hourglass::test
