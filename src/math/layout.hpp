// How image tensors lie in device memory.
#pragma once

#include <cstddef>

namespace hourglass {

enum class ImageLayout {
  nchw,  ///< channel planes: what files hold
  nhwc,  ///< channels last
};

// cuDNN covers every layer of ours in true fp32 with planes; oneDNN is several times faster
// channels-last at 1 to 16 channels (docs/performance.md). Only convolutions and the way in and out
// of a network know the difference: pooling and upsampling see `Planes`.
namespace cpu::math {
inline constexpr ImageLayout kImageLayout = ImageLayout::nhwc;
}
namespace cuda::math {
inline constexpr ImageLayout kImageLayout = ImageLayout::nchw;
}

/// Either layout as `outer` images of height x width cells of `inner` adjacent values each:
/// NCHW is (N C, H, W, 1), NHWC is (N, H, W, C).
struct Planes {
  std::size_t outer;
  std::size_t height;
  std::size_t width;
  std::size_t inner;

  [[nodiscard]] std::size_t size() const { return outer * height * width * inner; }
};

}  // namespace hourglass
