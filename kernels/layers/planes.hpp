// Image tensors as pooling and upsampling see them, whichever way they lie in memory.
#pragma once

#include <cstddef>

namespace hourglass {

/// `outer` images of height x width cells of `inner` adjacent values each: NCHW is (N C, H, W, 1),
/// NHWC is (N, H, W, C).
struct Planes {
  std::size_t outer;
  std::size_t height;
  std::size_t width;
  std::size_t inner;

  [[nodiscard]] std::size_t size() const { return outer * height * width * inner; }
};

}  // namespace hourglass
