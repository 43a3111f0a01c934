// Keeping squares of values within the range of float.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace hourglass {

/// Values up to this power of two, or down to its inverse, can be squared and added up as they are.
inline constexpr int kSafeExponent = 40;

/// Squares of values far from one leave the range of float. A power of two brings those back
/// without changing a digit; 1 where no value needs it.
[[nodiscard]] inline float scale_to_square(float largest) {
  int exponent = 0;
  std::frexp(largest, &exponent);
  if (largest == 0.f || std::abs(exponent) <= kSafeExponent) return 1.f;
  return std::ldexp(1.f, std::min(-exponent, 126));
}
[[nodiscard]] inline float scale_to_square(std::span<const float> values) {
  float largest = 0.f;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return scale_to_square(largest);
}

}  // namespace hourglass
