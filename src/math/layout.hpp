// How image tensors lie in device memory.
#pragma once

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

}  // namespace hourglass
