// The frame in which most of two rows' distance shows in a few coordinates.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "device/buffer.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// A point in the middle of the rows and their leading principal axes, found from a sample of the
/// rows: nothing relies on these being the best axes, only on their being orthonormal, which they
/// are to some 1e-14.
struct PrincipalFrame {
  device::Buffer<double> mean = {};  ///< (features)
  device::Buffer<double> axes = {};  ///< by decreasing variance, in bundles as encode_rows wants
  double typical_distance = 0.0;     ///< of a row from the middle
};

/// Of x (rows, features); `count` axes, at most as many as there are features. Distances from the
/// middle beyond `outlying` typical ones count as that: an outlier does not turn the frame.
[[nodiscard]] PrincipalFrame principal_frame(math::Context& context, std::span<const float> x,
                                             std::size_t rows, std::size_t features,
                                             std::size_t count, double outlying);

}  // namespace hourglass::HOURGLASS_TARGET
