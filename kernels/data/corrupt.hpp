// Corrupts a batch of images on its way into the network.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/data/corruption.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

struct CorruptionOptions {
  float noise;           ///< standard deviation, or 0 for none
  std::uint32_t patch;   ///< side, or 0 for none
  std::uint32_t height;  ///< of an image
  std::uint32_t width;
};

/// images (count, image_size), planes as in files -> corrupted, the same. Row r is image first + r
/// of the stream, which is stream.number + *step where there is a step: read on the device, so that
/// a recorded step draws anew.
void corrupt_images(simt::StreamHandle stream, const CorruptionOptions& options,
                    CorruptionStream random, const std::uint64_t* step, std::uint64_t first,
                    const float* images, std::size_t count, std::size_t image_size,
                    float* corrupted);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
