// cuDNN: convolutions of image planes in float32, by plain loops.
#include <cudnn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "rehearsal/libraries/library.hpp"

using namespace rehearsal;

using Sizes = std::array<int, 4>;

struct cudnnContext : LibraryHandle {
  static constexpr const char* kKind = "cudnnHandle_t";
};
struct cudnnTensorStruct {
  static constexpr const char* kKind = "cudnnTensorDescriptor_t";
  std::optional<Sizes> set;
};
struct cudnnFilterStruct {
  static constexpr const char* kKind = "cudnnFilterDescriptor_t";
  std::optional<Sizes> set;
};
struct cudnnConvolutionStruct {
  static constexpr const char* kKind = "cudnnConvolutionDescriptor_t";
  std::optional<int> set;  // its padding
};
struct cudnnActivationStruct {
  static constexpr const char* kKind = "cudnnActivationDescriptor_t";
  std::optional<cudnnActivationMode_t> set;
};

namespace {

using Cudnn = Library<CUDNN_STATUS_EXECUTION_FAILED>;
using Sums = std::vector<double>;

/// What a descriptor was set to.
template <class T>
auto described(const char* what, T* descriptor) {
  const auto& set = known(descriptor).set;
  require(set.has_value(), "the descriptor of ", what, " is used before it is set (cuDNN API, ",
          T::kKind, ")");
  return *set;
}

template <class T>
cudnnStatus_t describe(const char* name, T* descriptor, cudnnTensorFormat_t format,
                       cudnnDataType_t type, const Sizes& sizes) {
  return Cudnn::call(name, [&] {
    require(format == CUDNN_TENSOR_NCHW && type == CUDNN_DATA_FLOAT, "only planes of floats");
    const auto [n, c, h, w] = sizes;
    require(n > 0 && c > 0 && h > 0 && w > 0, "sizes of ", n, ", ", c, ", ", h, ", ", w);
    known(descriptor).set = sizes;
  });
}

const float* floats(const void* values) {
  return static_cast<const float*>(values);
}

Operand tensor(const char* what, const void* values, const Sizes& sizes, Use use = Use::reads) {
  std::size_t bytes = sizeof(float);
  for (const int size : sizes) bytes *= static_cast<std::size_t>(size);
  return {what, values, bytes, use, sizeof(float)};
}

enum class Pass : std::size_t { forward = 1, backward_data, backward_filter };

/// x (n, c, h, w), weights (k, c, r, s), y (n, k, p, q).
struct Problem {
  Problem(cudnnTensorDescriptor_t x_shape, cudnnFilterDescriptor_t weight_shape,
          cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y_shape)
      : x(described("x", x_shape)),
        weight(described("the weights", weight_shape)),
        y(described("y", y_shape)),
        pad(described("the convolution", convolution)) {
    require(weight[1] == x[1], "weights of ", weight[1], " channels for x of ", x[1]);
    const int p = x[2] + 2 * pad - weight[2] + 1;
    const int q = x[3] + 2 * pad - weight[3] + 1;
    require(y == Sizes{x[0], weight[0], p, q}, "y is (", y[0], ", ", y[1], ", ", y[2], ", ", y[3],
            "); cudnnGetConvolution2dForwardOutputDim", " says (", x[0], ", ", weight[0], ", ", p,
            ", ", q, ")");
  }

  /// Any size may be asked for; each pass has another.
  [[nodiscard]] std::size_t workspace(Pass pass) const {
    return tensor("the weights", nullptr, weight).bytes + static_cast<std::size_t>(pass) * 64;
  }

  /// row(y, weight, x, length) for stretches where y's places meet x's by way of one weight.
  template <class Row>
  void each_row(Row row) const {
    const auto place = [](const Sizes& sizes, int a, int b, int i, int j) {
      const auto wide = [](int v) { return static_cast<std::ptrdiff_t>(v); };
      return ((wide(a) * sizes[1] + b) * sizes[2] + i) * sizes[3] + j;
    };
    for (int image = 0; image < x[0]; ++image)
      for (int out = 0; out < weight[0]; ++out)
        for (int in = 0; in < x[1]; ++in)
          for (int u = 0; u < weight[2]; ++u)
            for (int v = 0; v < weight[3]; ++v)
              for (int i = std::max(0, pad - u); i < std::min(y[2], x[2] + pad - u); ++i) {
                const int first = std::max(0, pad - v);
                const int last = std::min(y[3], x[3] + pad - v);
                row(place(y, image, out, i, first), place(weight, out, in, u, v),
                    place(x, image, in, i + u - pad, first + v - pad), last - first);
              }
  }

  Sizes x, weight, y;
  int pad;
};

void add(int length, double factor, const float* from, double* to) {
  for (int j = 0; j < length; ++j) to[j] += factor * from[j];
}

double dot(int length, const float* a, const float* b) {
  double sum = 0;
  for (int j = 0; j < length; ++j) sum += double{a[j]} * b[j];
  return sum;
}

cudnnStatus_t size(const char* name, cudnnHandle_t handle, Pass pass, cudnnTensorDescriptor_t x,
                   cudnnFilterDescriptor_t weight, cudnnConvolutionDescriptor_t convolution,
                   cudnnTensorDescriptor_t y, std::size_t* bytes) {
  return Cudnn::call(name, [&] {
    known(handle);
    *bytes = Problem(x, weight, convolution, y).workspace(pass);
  });
}

/// Queues `sum`, whose sums begin at 0 and go to the last of the operands.
template <class Sum>
void enqueue_pass(cudnnHandle_t handle, const void* alpha, const void* beta, void* workspace,
                  std::size_t bytes, std::size_t wanted, std::vector<Operand> operands, Sum sum) {
  require(*floats(alpha) == 1.f && *floats(beta) == 0.f,
          "other factors than 1 and 0 are not played");
  require(bytes >= wanted, "a workspace of ", bytes, " bytes; ", wanted, " were asked for (cuDNN ",
          "API, workSpaceSizeInBytes)");
  const Operand result = operands.back();
  operands.push_back({"the workspace", workspace, wanted, Use::scratch});
  enqueue(stream_of(handle), std::move(operands), [=] {
    std::memset(workspace, 0xA5, wanted);
    Sums sums(result.bytes / sizeof(float));
    sum(sums);
    auto* to = const_cast<float*>(floats(result.begin));
    std::ranges::transform(sums, to, [](double value) { return static_cast<float>(value); });
  });
}

}  // namespace

std::size_t cudnnGetVersion() {
  return CUDNN_VERSION;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_EXECUTION_FAILED";
}

void cudnnGetLastErrorString(char* message, std::size_t size) {
  std::snprintf(message, size, "as it was\ntold to");
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return Cudnn::create(__func__, handle);
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return Cudnn::give_back(__func__, handle);
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return Cudnn::call(__func__, [&] { set_stream(known(handle), stream); });
}

// ---- descriptors --------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return Cudnn::create(__func__, tensor);
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  return Cudnn::give_back(__func__, tensor);
}
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  return describe(__func__, tensor, format, type, {n, c, h, w});
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return Cudnn::create(__func__, filter);
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
  return Cudnn::give_back(__func__, filter);
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  return describe(__func__, filter, format, type, {k, c, h, w});
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
  return Cudnn::create(__func__, convolution);
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
  return Cudnn::give_back(__func__, convolution);
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h,
                                              int pad_w, int stride_h, int stride_w, int dilation_h,
                                              int dilation_w, cudnnConvolutionMode_t mode,
                                              cudnnDataType_t type) {
  return Cudnn::call(__func__, [&] {
    require(pad_h == pad_w && pad_h >= 0 && stride_h == 1 && stride_w == 1 && dilation_h == 1 &&
                dilation_w == 1 && mode == CUDNN_CROSS_CORRELATION && type == CUDNN_DATA_FLOAT,
            "only cross-correlation in float32, of steps of one, equally padded");
    known(convolution).set = pad_h;
  });
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution,
                                          cudnnMathType_t math) {
  return Cudnn::call(__func__, [&] {
    described("the convolution", convolution);
    require(math == CUDNN_FMA_MATH || math == CUDNN_DEFAULT_MATH, "math type ", math);
  });
}

cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* activation) {
  return Cudnn::create(__func__, activation);
}
cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t activation) {
  return Cudnn::give_back(__func__, activation);
}
cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t activation,
                                           cudnnActivationMode_t mode, cudnnNanPropagation_t nans,
                                           double) {
  return Cudnn::call(__func__, [&] {
    require(
        (mode == CUDNN_ACTIVATION_RELU || mode == CUDNN_ACTIVATION_IDENTITY) &&
            nans == CUDNN_NOT_PROPAGATE_NAN,
        "cudnnConvolutionBiasActivationForward fuses a ReLU that need not keep NaNs, and no other");
    known(activation).set = mode;
  });
}

// ---- convolution --------------------------------------------------------------------------------

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
    cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t weight,
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t,
    std::size_t* bytes) {
  return size(__func__, handle, Pass::forward, x, weight, convolution, y, bytes);
}

cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_shape, const void* x,
    cudnnFilterDescriptor_t weight_shape, const void* weight,
    cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algorithm, void* workspace,
    std::size_t workspace_bytes, const void* beta, cudnnTensorDescriptor_t z_shape,
    const void* /*z*/, cudnnTensorDescriptor_t bias_shape, const void* bias,
    cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t y_shape, void* y) {
  return Cudnn::call(__func__, [&] {
    const Problem problem(x_shape, weight_shape, convolution, y_shape);
    described("z", z_shape);
    const Sizes bias_sizes{1, problem.y[1], 1, 1};
    require(described("the bias", bias_shape) == bias_sizes, "the bias is not (1, ", problem.y[1],
            ", 1, 1)");
    const bool relu = described("the activation", activation) == CUDNN_ACTIVATION_RELU;
    require(algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
            "only IMPLICIT_PRECOMP_GEMM fuses an identity (cuDNN API, ",
            "cudnnConvolutionBiasActivationForward)");
    enqueue_pass(handle, alpha, beta, workspace, workspace_bytes, problem.workspace(Pass::forward),
                 {tensor("x", x, problem.x), tensor("the weights", weight, problem.weight),
                  tensor("the bias", bias, bias_sizes), tensor("y", y, problem.y, Use::writes)},
                 [=](Sums& sums) {
                   const auto plane = static_cast<std::size_t>(problem.y[2] * problem.y[3]);
                   const auto channels = static_cast<std::size_t>(problem.y[1]);
                   for (std::size_t i = 0; i < sums.size(); ++i) {
                     sums[i] = floats(bias)[i / plane % channels];
                   }
                   problem.each_row([&](auto to, auto w, auto from, int length) {
                     add(length, floats(weight)[w], floats(x) + from, sums.data() + to);
                   });
                   if (!relu) return;
                   for (double& sum : sums) sum = sum > 0 ? sum : 0;  // a NaN may stay or not
                 });
  });
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
    cudnnHandle_t handle, cudnnFilterDescriptor_t weight, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
    cudnnConvolutionBwdDataAlgo_t, std::size_t* bytes) {
  return size(__func__, handle, Pass::backward_data, dx, weight, convolution, dy, bytes);
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                           cudnnFilterDescriptor_t weight_shape, const void* weight,
                                           cudnnTensorDescriptor_t dy_shape, const void* dy,
                                           cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace,
                                           std::size_t workspace_bytes, const void* beta,
                                           cudnnTensorDescriptor_t dx_shape, void* dx) {
  return Cudnn::call(__func__, [&] {
    const Problem problem(dx_shape, weight_shape, convolution, dy_shape);
    require(algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
            "an algorithm whose sums have no fixed order");
    enqueue_pass(handle, alpha, beta, workspace, workspace_bytes,
                 problem.workspace(Pass::backward_data),
                 {tensor("the weights", weight, problem.weight), tensor("dy", dy, problem.y),
                  tensor("dx", dx, problem.x, Use::writes)},
                 [=](Sums& sums) {
                   problem.each_row([&](auto from, auto w, auto to, int length) {
                     add(length, floats(weight)[w], floats(dy) + from, sums.data() + to);
                   });
                 });
  });
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnFilterDescriptor_t dweight,
    cudnnConvolutionBwdFilterAlgo_t, std::size_t* bytes) {
  return size(__func__, handle, Pass::backward_filter, x, dweight, convolution, dy, bytes);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_shape, const void* x,
    cudnnTensorDescriptor_t dy_shape, const void* dy, cudnnConvolutionDescriptor_t convolution,
    cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace, std::size_t workspace_bytes,
    const void* beta, cudnnFilterDescriptor_t dweight_shape, void* dweight) {
  return Cudnn::call(__func__, [&] {
    const Problem problem(x_shape, dweight_shape, convolution, dy_shape);
    require(algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,
            "an algorithm whose sums have no fixed order");
    enqueue_pass(handle, alpha, beta, workspace, workspace_bytes,
                 problem.workspace(Pass::backward_filter),
                 {tensor("x", x, problem.x), tensor("dy", dy, problem.y),
                  tensor("dweight", dweight, problem.weight, Use::writes)},
                 [=](Sums& sums) {
                   problem.each_row([&](auto y, auto to, auto from, int length) {
                     sums.data()[to] += dot(length, floats(dy) + y, floats(x) + from);
                   });
                 });
  });
}
