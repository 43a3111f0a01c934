// Picks a batch of images and brings their pixels to float32 in [0, 1].
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/data/pixels.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Which images: row r of the batch is image order[p + r], or image p + r without an order, where
/// p = first + (position ? *position : 0). `order` holds sort keys: the image is their low half.
/// `position` is read on the device, so that a recorded graph advances by itself.
struct Selection {
  const std::uint64_t* order = nullptr;
  const std::uint64_t* position = nullptr;
  std::uint64_t first = 0;
};

/// images (N, image_size) -> batch (count, image_size). Bytes are divided by 255; floats are
/// copied.
void gather_images(simt::StreamHandle stream, const Pixels& images, Selection selection,
                   std::size_t count, std::size_t image_size, float* batch);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
