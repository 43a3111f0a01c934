// Convolution by cuDNN, image planes (NCHW), through the plain API: it compiles in no time, and the
// graph API's extra fusions want channels-last layouts that buy nothing at 1 to 16 channels.
#include <cudnn.h>

#include <string>

#include "device/buffer.hpp"
#include "kernels/layers/bias_gradient.hpp"
#include "math/convolution.hpp"
#include "math/libraries_cuda.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

/// A cuDNN descriptor, made empty as cuDNN wants it.
template <class T, auto create, auto destroy>
class Descriptor {
 public:
  Descriptor() { handle_.make("creating a descriptor", create); }
  operator T() const { return handle_.get(); }  // NOLINT(google-explicit-constructor)

 private:
  Handle<T, destroy> handle_;
};

using TensorDescriptor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor =
    Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
               cudnnDestroyConvolutionDescriptor>;
using ActivationDescriptor =
    Descriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor,
               cudnnDestroyActivationDescriptor>;

/// FMA is true fp32; DEFAULT lets cuDNN round the operands to TF32 on tensor cores.
cudnnMathType_t math_type(Precision precision) {
  return precision == Precision::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

// One algorithm for each pass, for every shape: cuDNN's own choice may be an FFT or Winograd's,
// which are deterministic too but less exact. The forward one is what cuDNN fuses with bias and
// activation; the backward ones are those of PyTorch's deterministic mode.
constexpr auto kForward = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
constexpr auto kBackwardData = CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
constexpr auto kBackwardFilter = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;

/// A pass's name, for errors, and its scratch memory, had when the pass is first made: inference
/// makes no backward pass, and no gradient goes to the first layer's images. Each has its own, for
/// recorded ones keep the address.
class Pass {
 public:
  Pass(const char* name, const ConvolutionShape& shape)
      : name_("convolution " + std::string(name) + " of " + std::to_string(shape.batch) + " x " +
              std::to_string(shape.in_channels) + " x " + std::to_string(shape.height) + " x " +
              std::to_string(shape.width) + " to " + std::to_string(shape.out_channels) +
              " channels") {}

  void check(cudnnStatus_t status) const { math::check(status, name_.c_str()); }

  /// `size(&bytes)` asks cuDNN how much the pass wants.
  template <class Size>
  device::Buffer<std::byte>& workspace(Size size) {
    if (!sized_) {
      std::size_t bytes = 0;
      check(size(&bytes));
      buffer_ = device::Buffer<std::byte>(bytes);
      sized_ = true;
    }
    return buffer_;
  }

 private:
  std::string name_;
  device::Buffer<std::byte> buffer_;
  bool sized_ = false;
};

constexpr float kOne = 1.f;
constexpr float kZero = 0.f;

}  // namespace

struct Convolution::Plan {
  Plan(Context& context, const ConvolutionShape& shape, bool relu)
      : channels{.batch = shape.batch,
                 .channels = shape.out_channels,
                 .inner = shape.height * shape.width},
        forward("forward by IMPLICIT_PRECOMP_GEMM", shape),
        backward_data("backward data by ALGO_1", shape),
        backward_filter("backward filter by ALGO_1", shape) {
    const auto number = [](std::size_t n) { return static_cast<int>(n); };
    const int n = number(shape.batch);
    const int c = number(shape.in_channels);
    const int k = number(shape.out_channels);
    const int h = number(shape.height);
    const int w = number(shape.width);
    const auto format = CUDNN_TENSOR_NCHW;
    const auto type = CUDNN_DATA_FLOAT;
    check(cudnnSetTensor4dDescriptor(x, format, type, n, c, h, w), "describing x");
    check(cudnnSetTensor4dDescriptor(y, format, type, n, k, h, w), "describing y");
    check(cudnnSetTensor4dDescriptor(bias, format, type, 1, k, 1, 1), "describing the bias");
    check(cudnnSetFilter4dDescriptor(weight, type, format, k, c, 3, 3), "describing the weights");
    check(cudnnSetConvolution2dDescriptor(convolution, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION,
                                          type),
          "describing the convolution");
    check(cudnnSetConvolutionMathType(convolution, math_type(context.precision())),
          "setting the math type");
    check(cudnnSetActivationDescriptor(activation,
                                       relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                       CUDNN_NOT_PROPAGATE_NAN, 0.0),  // it fuses no other
          "describing the activation");
  }

  TensorDescriptor x, y, bias;
  FilterDescriptor weight;
  ConvolutionDescriptor convolution;
  ActivationDescriptor activation;
  kernels::ChannelShape channels;  // of y
  Pass forward, backward_data, backward_filter;
  device::Buffer<float> bias_partials;  // had when first wanted, as workspaces
};

Convolution::Convolution(Context& context, const ConvolutionShape& shape, bool relu)
    : plan_(std::make_unique<Plan>(context, shape, relu)) {}

Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

void Convolution::forward(Context& context, const float* x, const float* weight, const float* bias,
                          float* y) {
  Plan& p = *plan_;
  cudnnHandle_t handle = context.libraries().cudnn.get();
  auto& workspace = p.forward.workspace([&](std::size_t* bytes) {
    return cudnnGetConvolutionForwardWorkspaceSize(handle, p.x, p.weight, p.convolution, p.y,
                                                   kForward, bytes);
  });
  p.forward.check(cudnnConvolutionBiasActivationForward(
      handle, &kOne, p.x, x, p.weight, weight, p.convolution, kForward, workspace.data(),
      workspace.size(), &kZero, p.y, y, p.bias, bias, p.activation, p.y, y));
}

void Convolution::backward_data(Context& context, const float* dz, const float* weight, float* dx) {
  Plan& p = *plan_;
  cudnnHandle_t handle = context.libraries().cudnn.get();
  auto& workspace = p.backward_data.workspace([&](std::size_t* bytes) {
    return cudnnGetConvolutionBackwardDataWorkspaceSize(handle, p.weight, p.y, p.convolution, p.x,
                                                        kBackwardData, bytes);
  });
  p.backward_data.check(cudnnConvolutionBackwardData(handle, &kOne, p.weight, weight, p.y, dz,
                                                     p.convolution, kBackwardData, workspace.data(),
                                                     workspace.size(), &kZero, p.x, dx));
}

// The bias gradient is a kernel of ours: cuDNN's sums each channel in one block.
void Convolution::backward_parameters(Context& context, const float* x, const float* dz,
                                      float* dweight, float* dbias) {
  Plan& p = *plan_;
  cudnnHandle_t handle = context.libraries().cudnn.get();
  auto& workspace = p.backward_filter.workspace([&](std::size_t* bytes) {
    return cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, p.x, p.y, p.convolution, p.weight,
                                                          kBackwardFilter, bytes);
  });
  p.backward_filter.check(cudnnConvolutionBackwardFilter(
      handle, &kOne, p.x, x, p.y, dz, p.convolution, kBackwardFilter, workspace.data(),
      workspace.size(), &kZero, p.weight, dweight));
  if (const auto count = kernels::bias_partial_count(p.channels); p.bias_partials.size() != count) {
    p.bias_partials = device::Buffer<float>(count);
  }
  kernels::bias_gradient(context.stream(), dz, p.channels, p.bias_partials.span(), dbias);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
