// Draws the order in which an epoch sees its images.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// keys[i] = random 32 bits of (seed, epoch, i) above, i below: sorting the keys shuffles the
/// images, and as i makes them unique, the order does not depend on how they are sorted.
void draw_shuffle_keys(simt::StreamHandle stream, std::uint64_t seed, std::uint64_t epoch,
                       std::span<std::uint64_t> keys);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
