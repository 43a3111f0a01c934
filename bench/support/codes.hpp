// Latent codes of the convolutional model, and the map that is drawn of them.
#pragma once

#include <cstddef>

namespace hourglass::HOURGLASS_TARGET::bench {

inline constexpr std::size_t kFeatures = 392;
inline constexpr std::size_t kNeighbors = 90;
inline constexpr double kPerplexity = 30.0;

}  // namespace hourglass::HOURGLASS_TARGET::bench
