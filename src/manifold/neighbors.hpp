// Exact nearest neighbours on the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/stop.hpp>
#include <span>

#include "device/buffer.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// (rows, k) each; a row's neighbours by increasing distance, then by index.
struct Neighbors {
  std::size_t k;
  device::Buffer<std::uint32_t> indices;
  device::Buffer<float> squared_distances;
};

/// x (rows, features) in device memory; 1 <= k < rows. Distances are sums, in float, of squared
/// differences as x has them: which rows are found does not depend on how they are looked for.
[[nodiscard]] Neighbors find_neighbors(math::Context& context, std::span<const float> x,
                                       std::size_t rows, std::size_t features, std::size_t k,
                                       const StopRequest& stop = {});

}  // namespace hourglass::HOURGLASS_TARGET
