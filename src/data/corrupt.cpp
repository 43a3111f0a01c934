#include <hourglass/corruption.hpp>
#include <hourglass/error.hpp>
#include <string>

#include "kernels/data/corruption.hpp"

namespace hourglass {

void check_corruption(const Corruption& corruption, const ImageShape& shape) {
  constexpr double kMost = 1000.0;  // of a range of one
  if (!(corruption.noise >= 0.0 && corruption.noise <= kMost)) {
    throw UsageError("the noise is " + std::to_string(corruption.noise) +
                     "; expected a standard deviation from 0 to 1000");
  }
  if (corruption.patch > shape.height || corruption.patch > shape.width) {
    throw UsageError("a patch of " + std::to_string(corruption.patch) + " x " +
                     std::to_string(corruption.patch) + " pixels does not fit into images of " +
                     std::to_string(shape.height) + " x " + std::to_string(shape.width));
  }
}

CorruptedImages corrupt(const Array<float>& images, const ImageShape& shape,
                        const Corruption& corruption, std::uint64_t seed) {
  check_corruption(corruption, shape);
  if (images.rows() > 0 && images.row_size() != shape.size()) {
    throw Error("images of " + std::to_string(images.row_size()) + " values; expected " +
                std::to_string(shape.size()));
  }
  const CorruptionStream random{seed, stream_number(RandomStream::held_out_corruption)};
  CorruptedImages result{images, Array<std::uint32_t>({images.rows(), 2})};
  const auto side = static_cast<std::uint32_t>(corruption.patch);
  for (std::size_t n = 0; n < images.rows(); ++n) {
    const auto pixels = result.images.row(n);
    for (std::size_t i = 0; corruption.noise > 0.0 && i < pixels.size(); ++i) {
      pixels[i] =
          noisy(random, n * pixels.size() + i, static_cast<float>(corruption.noise), pixels[i]);
    }
    if (side == 0) continue;
    const PatchCorner corner =
        patch_corner(random, n, side, static_cast<std::uint32_t>(shape.height),
                     static_cast<std::uint32_t>(shape.width));
    result.corners.row(n)[0] = corner.row;
    result.corners.row(n)[1] = corner.column;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const std::size_t row = i / shape.width % shape.height;
      const std::size_t column = i % shape.width;
      if (row - corner.row < side && column - corner.column < side) pixels[i] = 0.f;
    }
  }
  return result;
}

}  // namespace hourglass
