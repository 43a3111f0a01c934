// One pixel's corruption, as a function of where it is: the same on either side.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/data/philox.hpp"
#include "kernels/data/random_stream.hpp"
#include "kernels/simt/host_device.hpp"

namespace hourglass {

/// Which random numbers: stream_number() of a step of training, or of held-out images.
struct CorruptionStream {
  std::uint64_t seed;
  std::uint64_t number;
};

struct PatchCorner {
  std::uint32_t row;
  std::uint32_t column;
};

/// Where a square of `side` pixels begins in image number `image`: all places are as likely.
HOURGLASS_HOST_DEVICE inline PatchCorner patch_corner(const CorruptionStream& stream,
                                                      std::uint64_t image, std::uint32_t side,
                                                      std::uint32_t height, std::uint32_t width) {
  constexpr std::uint64_t kNotAPixel = std::uint64_t{1} << 63U;
  const PhiloxBlock random = Philox{stream.seed}(kNotAPixel | image, stream.number);
  const auto below = [](std::uint32_t bits, std::uint32_t count) {
    return static_cast<std::uint32_t>((std::uint64_t{bits} * count) >> 32U);
  };
  return {below(random[0], height - side + 1), below(random[1], width - side + 1)};
}

/// A pixel with normal noise (G. E. P. Box and M. E. Muller 1958), cut to [0, 1]. `index` counts
/// pixels over all images of the stream.
HOURGLASS_HOST_DEVICE inline float noisy(const CorruptionStream& stream, std::uint64_t index,
                                         float deviation, float pixel) {
  const PhiloxBlock random = Philox{stream.seed}(index, stream.number);
  const float radius = sqrtf(-2.f * logf(1.f - uniform(random[0])));
#ifdef __CUDA_ARCH__
  const float wave = cospif(2.f * uniform(random[1]));  // cosf's large arguments take a stack
#else
  constexpr float kTwoPi = 6.28318531f;
  const float wave = cosf(kTwoPi * uniform(random[1]));
#endif
  const float value = pixel + deviation * radius * wave;
  return fminf(fmaxf(value, 0.f), 1.f);
}

}  // namespace hourglass
