// How a point moves into a finished t-SNE map; kernels read the same struct.
#pragma once

#include <cstdint>

namespace hourglass {

/// openTSNE's. A step of point i at y, with p_ij from i to its neighbours j and the sums over the
/// whole map,
///
///   gradient = exaggeration * sum of p_ij (y - y_j) / (1 + d_ij^2) - force / potential,
///   force = sum of (y - y_j) / (1 + d_ij^2)^2, potential = sum of 1 / (1 + d_ij^2),
///
/// brought back to longest_gradient where it is longer, and then
///
///   velocity = momentum * velocity - learning_rate * gain * gradient,    y += velocity
///
/// with a gain a coordinate, as the map's.
struct PlacementSchedule {
  std::uint32_t iterations = 250;
  float exaggeration = 1.5f;
  float learning_rate = 0.1f;
  float momentum = 0.8f;
  float longest_gradient = 0.25f;
};

}  // namespace hourglass
