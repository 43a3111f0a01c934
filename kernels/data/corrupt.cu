#include "kernels/data/corrupt.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// One block an image: its patch is placed once.
__global__ void corrupt_images_kernel(CorruptionOptions options, CorruptionStream random,
                                      const std::uint64_t* __restrict__ step, std::uint64_t first,
                                      const float* __restrict__ images, std::uint32_t image_size,
                                      float* __restrict__ corrupted) {
  if (step != nullptr) random.number += *step;
  const std::uint64_t image = first + blockIdx.x;
  const float* from = images + std::size_t{blockIdx.x} * image_size;
  float* to = corrupted + std::size_t{blockIdx.x} * image_size;
  PatchCorner corner{0, 0};
  if (options.patch > 0) {
    corner = patch_corner(random, image, options.patch, options.height, options.width);
  }
  for (const auto i : simt::block_elements(image_size)) {
    const std::uint32_t row = i / options.width % options.height;
    const std::uint32_t column = i % options.width;
    // Unsigned differences: what lies before the patch is far behind it.
    if (row - corner.row < options.patch && column - corner.column < options.patch) {
      to[i] = 0.f;
    } else if (options.noise > 0.f) {
      to[i] = noisy(random, image * image_size + i, options.noise, from[i]);
    } else {
      to[i] = from[i];
    }
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void corrupt_images(simt::StreamHandle stream, const CorruptionOptions& options,
                    CorruptionStream random, const std::uint64_t* step, std::uint64_t first,
                    const float* images, std::size_t count, std::size_t image_size,
                    float* corrupted) {
  simt::launch(stream, simt::per_block(count, 256), corrupt_images_kernel, options, random, step,
               first, images, simt::narrow(image_size), corrupted);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
