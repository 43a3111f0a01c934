// What is done to images so that a network must learn to undo it.
//
// P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and composing robust features
// with denoising autoencoders", ICML 2008, section 2.3; D. Pathak et al., "Context encoders:
// feature learning by inpainting", CVPR 2016.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/model.hpp>

namespace hourglass {

/// Noise first, then the patch. Nothing by default.
struct Corruption {
  double noise = 0.0;     ///< standard deviation of normal noise; sums are then cut to [0, 1]
  std::size_t patch = 0;  ///< side in pixels of a square that is set to 0, anywhere in the image

  [[nodiscard]] bool any() const { return noise > 0.0 || patch > 0; }
};

struct CorruptedImages {
  Array<float> images;           ///< as given, in shape and order
  Array<std::uint32_t> corners;  ///< (N, 2): row and column of each patch's first pixel
};

/// The same corruption, image by image, that a training with this seed validates with. Images:
/// (N, shape). Throws Error for a patch larger than the image, or noise that is not from 0 to 1000.
[[nodiscard]] CorruptedImages corrupt(const Array<float>& images, const ImageShape& shape,
                                      const Corruption& corruption, std::uint64_t seed);

/// What corrupt() checks before it begins.
void check_corruption(const Corruption& corruption, const ImageShape& shape);

}  // namespace hourglass
