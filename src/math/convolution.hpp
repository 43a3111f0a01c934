// 3 x 3 convolution with zero padding ("same"), forward and backward, by cuDNN or oneDNN.
//
//   y[n,k,i,j] = b[k] + sum over c,u,v of w[k,c,u,v] * x[n,c,i+u-1,j+v-1]
//
// Images lie in memory as math::kImageLayout says; weights always (out, in, 3, 3), as in files.
#pragma once

#include <cstddef>
#include <memory>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

struct ConvolutionShape {
  std::size_t batch;
  std::size_t in_channels;
  std::size_t out_channels;
  std::size_t height;
  std::size_t width;
};

/// Prepared for one shape; each pass prepares the rest, and takes its workspace, in its first call.
/// Only deterministic algorithms; no TF32 unless the context's precision asks for it.
class Convolution {
 public:
  /// `relu`: y = max(0, convolution) in the same pass.
  Convolution(Context& context, const ConvolutionShape& shape, bool relu);
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  void forward(Context& context, const float* x, const float* weight, const float* bias, float* y);
  /// dx from dz, the gradient at the convolution's output before relu.
  void backward_data(Context& context, const float* dz, const float* weight, float* dx);
  void backward_parameters(Context& context, const float* x, const float* dz, float* dweight,
                           float* dbias);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
