// Convolution by cuDNN, image planes (NCHW), through the plain API: it compiles in no time, and the
// graph API's extra fusions want channels-last layouts that buy nothing at 1 to 16 channels.
#include <cudnn.h>

#include <algorithm>
#include <array>
#include <hourglass/error.hpp>
#include <optional>
#include <span>
#include <string>

#include "device/buffer.hpp"
#include "math/convolution.hpp"
#include "math/libraries_cuda.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

/// A cuDNN descriptor with an owner.
template <class Descriptor, auto create, auto destroy>
class Owned {
 public:
  Owned() { check(create(&descriptor_), "creating a descriptor"); }
  ~Owned() { destroy(descriptor_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  operator Descriptor() const { return descriptor_; }  // NOLINT(google-explicit-constructor)

 private:
  Descriptor descriptor_ = nullptr;
};

using TensorDescriptor =
    Owned<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor =
    Owned<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor = Owned<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                                    cudnnDestroyConvolutionDescriptor>;
using ActivationDescriptor = Owned<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor,
                                   cudnnDestroyActivationDescriptor>;

/// FMA is true fp32; DEFAULT lets cuDNN round the operands to TF32 on tensor cores.
cudnnMathType_t math_type(Precision precision) {
  return precision == Precision::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

/// The fastest algorithm of cuDNN's list that is deterministic and keeps to the math type asked for.
template <class Performance>
auto choose(std::span<const Performance> candidates, cudnnMathType_t allowed, const char* what) {
  const auto fits = [&](const Performance& candidate) {
    return candidate.status == CUDNN_STATUS_SUCCESS &&
           candidate.determinism == CUDNN_DETERMINISTIC &&
           (allowed != CUDNN_FMA_MATH || candidate.mathType == CUDNN_FMA_MATH);
  };
  const auto best = std::find_if(candidates.begin(), candidates.end(), fits);
  if (best == candidates.end()) {
    throw Error(std::string("cuDNN has no deterministic algorithm for the convolution's ") + what);
  }
  return *best;
}

constexpr float kOne = 1.f;
constexpr float kZero = 0.f;

}  // namespace

struct Convolution::Plan {
  Plan(Context& context, const ConvolutionShape& shape, bool relu) {
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
    const auto math = math_type(context.precision());
    check(cudnnSetConvolutionMathType(convolution, math), "setting the math type");
    check(cudnnSetActivationDescriptor(activation,
                                       relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                       CUDNN_NOT_PROPAGATE_NAN, 0.0),
          "describing the activation");

    cudnnHandle_t handle = context.libraries().cudnn.get();
    std::size_t forward_bytes = 0;
    check(cudnnGetConvolutionForwardWorkspaceSize(handle, x, weight, convolution, y, kForward,
                                                  &forward_bytes),
          "sizing the forward workspace");

    int found = 0;
    std::array<cudnnConvolutionBwdDataAlgoPerf_t, CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT> data{};
    check(cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, weight, y, convolution, x,
                                                      number(data.size()), &found, data.data()),
          "listing backward-data algorithms");
    const auto best_data = choose(std::span<const cudnnConvolutionBwdDataAlgoPerf_t>(data).first(
                                      static_cast<std::size_t>(found)),
                                  math, "data gradient");
    data_algorithm = best_data.algo;

    std::array<cudnnConvolutionBwdFilterAlgoPerf_t, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT>
        filter{};
    check(cudnnGetConvolutionBackwardFilterAlgorithm_v7(
              handle, x, y, convolution, weight, number(filter.size()), &found, filter.data()),
          "listing backward-filter algorithms");
    const auto best_filter =
        choose(std::span<const cudnnConvolutionBwdFilterAlgoPerf_t>(filter).first(
                   static_cast<std::size_t>(found)),
               math, "weight gradient");
    filter_algorithm = best_filter.algo;

    workspace =
        device::Buffer<std::byte>(std::max({forward_bytes, best_data.memory, best_filter.memory}));
  }

  // The one forward algorithm that cuDNN fuses with bias and activation.
  static constexpr auto kForward = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;

  TensorDescriptor x, y, bias;
  FilterDescriptor weight;
  ConvolutionDescriptor convolution;
  ActivationDescriptor activation;
  cudnnConvolutionBwdDataAlgo_t data_algorithm{};
  cudnnConvolutionBwdFilterAlgo_t filter_algorithm{};
  device::Buffer<std::byte> workspace;
};

Convolution::Convolution(Context& context, const ConvolutionShape& shape, bool relu)
    : plan_(std::make_unique<Plan>(context, shape, relu)) {}

Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

void Convolution::forward(Context& context, const float* x, const float* weight, const float* bias,
                          float* y) {
  Plan& p = *plan_;
  check(cudnnConvolutionBiasActivationForward(context.libraries().cudnn.get(), &kOne, p.x, x,
                                              p.weight, weight, p.convolution, Plan::kForward,
                                              p.workspace.data(), p.workspace.size(), &kZero, p.y,
                                              y, p.bias, bias, p.activation, p.y, y),
        "convolution forward");
}

void Convolution::backward_data(Context& context, const float* dz, const float* weight, float* dx) {
  Plan& p = *plan_;
  check(cudnnConvolutionBackwardData(context.libraries().cudnn.get(), &kOne, p.weight, weight, p.y,
                                     dz, p.convolution, p.data_algorithm, p.workspace.data(),
                                     p.workspace.size(), &kZero, p.x, dx),
        "convolution backward data");
}

void Convolution::backward_parameters(Context& context, const float* x, const float* dz,
                                      float* dweight, float* dbias) {
  Plan& p = *plan_;
  cudnnHandle_t handle = context.libraries().cudnn.get();
  check(cudnnConvolutionBackwardFilter(handle, &kOne, p.x, x, p.y, dz, p.convolution,
                                       p.filter_algorithm, p.workspace.data(), p.workspace.size(),
                                       &kZero, p.weight, dweight),
        "convolution backward filter");
  check(cudnnConvolutionBackwardBias(handle, &kOne, p.y, dz, &kZero, p.bias, dbias),
        "convolution backward bias");
}

}  // namespace hourglass::HOURGLASS_TARGET::math
