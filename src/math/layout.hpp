// How image tensors lie in device memory.
#pragma once

#include "device/target.hpp"

namespace hourglass {

enum class ImageLayout {
  nchw,  ///< channel planes: what files hold
  nhwc,  ///< channels last
};

// cuDNN covers every layer of ours in true fp32 with planes; oneDNN is several times faster
// channels-last at 1 to 16 channels (docs/performance.md). Only convolutions and the way in and out
// of a network know the difference: pooling and upsampling see `Planes`.
namespace HOURGLASS_TARGET::math {
inline constexpr ImageLayout kImageLayout = kOnCuda ? ImageLayout::nchw : ImageLayout::nhwc;
}

}  // namespace hourglass
