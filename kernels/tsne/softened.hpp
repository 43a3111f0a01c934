// The interaction of a grid whose near pairs are summed apart (near_field.hpp).
//
// Within kNearRadius, 1 / (1 + x) of x = d^2 gives way to its Taylor series about the radius
// squared up to the third power. That is as smooth as a coarse grid wants it; beyond, nothing
// changes; and what lacks within, the series' remainder, goes to nothing at the radius with three
// derivatives.
#pragma once

#include "kernels/simt/host_device.hpp"

namespace hourglass {

inline constexpr float kNearRadius = 2.5f;
inline constexpr float kNearSquared = kNearRadius * kNearRadius;
inline constexpr float kAtNearRadius = 1.f / (1.f + kNearSquared);

/// How far within the radius x is, of numbers or vectors of them: 0 there, below 1 everywhere. With
/// s for it, g for kAtNearRadius and w for 1 / (1 + x) the series is g (1 + s + s^2 + s^3), and
///
///   w - series        = s^4 w                   lacks in the potential,
///   w^2 + its slope   = s^3 w (4 g + s w)       in the force along the difference.
template <class T>
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr T within_near_radius(T x) {
  return T(kAtNearRadius) * (T(kNearSquared) - x);
}

/// The series at x.
template <class T>
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr T softened(T x) {
  const T s = within_near_radius(x);
  return T(kAtNearRadius) * (T(1.f) + s * (T(1.f) + s * (T(1.f) + s)));
}

}  // namespace hourglass
