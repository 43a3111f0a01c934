// cuDNN: convolutions of image planes in float32, by plain loops.
#include <cudnn.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "rehearsal/libraries/library.hpp"

using namespace rehearsal;

struct cudnnContext : LibraryHandle {
  static constexpr const char* kKind = "cudnnHandle_t";
};
struct cudnnTensorStruct {
  static constexpr const char* kKind = "cudnnTensorDescriptor_t";
  bool set = false;
  int n = 0, c = 0, h = 0, w = 0;
};
struct cudnnFilterStruct {
  static constexpr const char* kKind = "cudnnFilterDescriptor_t";
  bool set = false;
  int k = 0, c = 0, h = 0, w = 0;
};
struct cudnnConvolutionStruct {
  static constexpr const char* kKind = "cudnnConvolutionDescriptor_t";
  bool set = false;
  int pad = 0;
};
struct cudnnActivationStruct {
  static constexpr const char* kKind = "cudnnActivationDescriptor_t";
  bool set = false;
  cudnnActivationMode_t mode = CUDNN_ACTIVATION_IDENTITY;
};

namespace {

using Cudnn = Library<CUDNN_STATUS_SUCCESS, CUDNN_STATUS_EXECUTION_FAILED>;

template <class T>
const T& described(const char* what, T* descriptor) {
  const T& found = known(descriptor);
  require(found.set, "the descriptor of ", what, " is used before it is set (cuDNN API, ", T::kKind,
          ")");
  return found;
}

std::size_t count(std::initializer_list<int> sizes) {
  std::size_t product = 1;
  for (const int size : sizes) product *= static_cast<std::size_t>(size);
  return product;
}

/// x (n, c, h, w), weights (k, c, r, s), y (n, k, p, q).
struct Problem {
  Problem(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t weight,
          cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y) {
    const auto& in = described("x", x);
    const auto& filter = described("the weights", weight);
    const auto& out = described("y", y);
    pad = described("the convolution", convolution).pad;
    n = in.n, c = in.c, h = in.h, w = in.w;
    k = filter.k, r = filter.h, s = filter.w;
    p = out.h, q = out.w;
    require(filter.c == c, "weights of ", filter.c, " channels for x of ", c);
    require(out.n == n && out.c == k && p == h + 2 * pad - r + 1 && q == w + 2 * pad - s + 1,
            "y is (", out.n, ", ", out.c, ", ", p, ", ", q,
            "); cudnnGetConvolution2dForwardOutputDim", " says (", n, ", ", k, ", ",
            h + 2 * pad - r + 1, ", ", w + 2 * pad - s + 1, ")");
  }

  [[nodiscard]] std::size_t x_bytes() const { return count({n, c, h, w}) * sizeof(float); }
  [[nodiscard]] std::size_t weight_bytes() const { return count({k, c, r, s}) * sizeof(float); }
  [[nodiscard]] std::size_t y_bytes() const { return count({n, k, p, q}) * sizeof(float); }
  /// Any size may be asked for; each pass has another.
  [[nodiscard]] std::size_t workspace(std::size_t pass) const { return weight_bytes() + pass * 64; }

  /// row(y, weight, x, length) for stretches where y's places meet x's by way of one weight.
  template <class Row>
  void each_row(Row row) const {
    const auto place = [](int a, int b, int b_size, int i, int i_size, int j, int j_size) {
      const auto wide = [](int v) { return static_cast<std::ptrdiff_t>(v); };
      return ((wide(a) * b_size + b) * i_size + i) * j_size + j;
    };
    for (int image = 0; image < n; ++image)
      for (int out = 0; out < k; ++out)
        for (int in = 0; in < c; ++in)
          for (int u = 0; u < r; ++u)
            for (int v = 0; v < s; ++v)
              for (int i = std::max(0, pad - u); i < std::min(p, h + pad - u); ++i) {
                const int first = std::max(0, pad - v);
                const int last = std::min(q, w + pad - v);
                row(place(image, out, k, i, p, first, q), place(out, in, c, u, r, v, s),
                    place(image, in, c, i + u - pad, h, first + v - pad, w), last - first);
              }
  }

  int n, c, h, w, k, r, s, p, q, pad;
};

constexpr std::size_t kForward = 1, kBackwardData = 2, kBackwardFilter = 3;

const float* floats(const void* values) {
  return static_cast<const float*>(values);
}

void require_factors(const void* alpha, const void* beta) {
  require(*floats(alpha) == 1.f && *floats(beta) == 0.f,
          "other factors than 1 and 0 are not played");
}

template <class Workspace>
cudnnStatus_t size(const char* name, cudnnHandle_t handle, Workspace workspace,
                   std::size_t* bytes) {
  return Cudnn::call(name, [&] {
    known(handle);
    *bytes = workspace();
  });
}

/// Queues a pass whose workspace nobody else may use.
template <class Run>
void enqueue_pass(cudnnHandle_t handle, std::vector<Operand> operands, void* workspace,
                  std::size_t bytes, std::size_t wanted, Run run) {
  require(bytes >= wanted, "a workspace of ", bytes, " bytes; ", wanted, " were asked for (cuDNN ",
          "API, workSpaceSizeInBytes)");
  operands.push_back({"the workspace", workspace, wanted, Use::scratch});
  enqueue(stream_of(handle), std::move(operands), [=] {
    std::memset(workspace, 0xA5, wanted);
    run();
  });
}

using Sums = std::vector<double>;

void add(int length, double factor, const float* from, double* to) {
  for (int j = 0; j < length; ++j) to[j] += factor * from[j];
}

double dot(int length, const float* a, const float* b) {
  double sum = 0;
  for (int j = 0; j < length; ++j) sum += double{a[j]} * b[j];
  return sum;
}

void write(const Sums& sums, void* to) {
  std::transform(sums.begin(), sums.end(), static_cast<float*>(to),
                 [](double sum) { return static_cast<float>(sum); });
}

}  // namespace

std::size_t cudnnGetVersion() {
  return CUDNN_VERSION;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_EXECUTION_FAILED";
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
  return Cudnn::call(__func__, [&] {
    require(format == CUDNN_TENSOR_NCHW && type == CUDNN_DATA_FLOAT, "only planes of floats");
    require(n > 0 && c > 0 && h > 0 && w > 0, "sizes of ", n, ", ", c, ", ", h, ", ", w);
    known(tensor) = {true, n, c, h, w};
  });
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return Cudnn::create(__func__, filter);
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
  return Cudnn::give_back(__func__, filter);
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  return Cudnn::call(__func__, [&] {
    require(format == CUDNN_TENSOR_NCHW && type == CUDNN_DATA_FLOAT, "only planes of floats");
    require(k > 0 && c > 0 && h > 0 && w > 0, "sizes of ", k, ", ", c, ", ", h, ", ", w);
    known(filter) = {true, k, c, h, w};
  });
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
    known(convolution) = {true, pad_h};
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
                                           cudnnActivationMode_t mode, cudnnNanPropagation_t,
                                           double) {
  return Cudnn::call(__func__, [&] {
    require(mode == CUDNN_ACTIVATION_RELU || mode == CUDNN_ACTIVATION_IDENTITY,
            "cudnnConvolutionBiasActivationForward fuses ReLU and nothing else");
    known(activation) = {true, mode};
  });
}

// ---- convolution --------------------------------------------------------------------------------

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(
    cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t weight,
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t,
    std::size_t* bytes) {
  return size(
      __func__, handle, [&] { return Problem(x, weight, convolution, y).workspace(kForward); },
      bytes);
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
    require_factors(alpha, beta);
    described("z", z_shape);
    const auto& bias_sizes = described("the bias", bias_shape);
    require(
        bias_sizes.n == 1 && bias_sizes.c == problem.k && bias_sizes.h == 1 && bias_sizes.w == 1,
        "the bias is not (1, ", problem.k, ", 1, 1)");
    const bool relu = described("the activation", activation).mode == CUDNN_ACTIVATION_RELU;
    require(algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
            "only IMPLICIT_PRECOMP_GEMM fuses an identity (cuDNN API, ",
            "cudnnConvolutionBiasActivationForward)");
    enqueue_pass(handle,
                 {{"x", x, problem.x_bytes(), Use::reads, 4},
                  {"the weights", weight, problem.weight_bytes(), Use::reads, 4},
                  {"the bias", bias, count({problem.k}) * sizeof(float), Use::reads, 4},
                  {"y", y, problem.y_bytes(), Use::writes}},
                 workspace, workspace_bytes, problem.workspace(kForward), [=] {
                   Sums sums;
                   for (int image = 0; image < problem.n; ++image)
                     for (int k = 0; k < problem.k; ++k)
                       sums.insert(sums.end(), count({problem.p, problem.q}), floats(bias)[k]);
                   problem.each_row([&](auto to, auto w, auto from, int length) {
                     add(length, floats(weight)[w], floats(x) + from, sums.data() + to);
                   });
                   if (relu) {
                     for (double& sum : sums) sum = sum < 0 ? 0 : sum;  // a NaN stays
                   }
                   write(sums, y);
                 });
  });
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
    cudnnHandle_t handle, cudnnFilterDescriptor_t weight, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
    cudnnConvolutionBwdDataAlgo_t, std::size_t* bytes) {
  return size(
      __func__, handle,
      [&] { return Problem(dx, weight, convolution, dy).workspace(kBackwardData); }, bytes);
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
    require_factors(alpha, beta);
    require(algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
            "an algorithm whose sums have no fixed ", "order");
    enqueue_pass(handle,
                 {{"the weights", weight, problem.weight_bytes(), Use::reads, 4},
                  {"dy", dy, problem.y_bytes(), Use::reads, 4},
                  {"dx", dx, problem.x_bytes(), Use::writes}},
                 workspace, workspace_bytes, problem.workspace(kBackwardData), [=] {
                   Sums sums(problem.x_bytes() / sizeof(float));
                   problem.each_row([&](auto from, auto w, auto to, int length) {
                     add(length, floats(weight)[w], floats(dy) + from, sums.data() + to);
                   });
                   write(sums, dx);
                 });
  });
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnFilterDescriptor_t dweight,
    cudnnConvolutionBwdFilterAlgo_t, std::size_t* bytes) {
  return size(
      __func__, handle,
      [&] { return Problem(x, dweight, convolution, dy).workspace(kBackwardFilter); }, bytes);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_shape, const void* x,
    cudnnTensorDescriptor_t dy_shape, const void* dy, cudnnConvolutionDescriptor_t convolution,
    cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace, std::size_t workspace_bytes,
    const void* beta, cudnnFilterDescriptor_t dweight_shape, void* dweight) {
  return Cudnn::call(__func__, [&] {
    const Problem problem(x_shape, dweight_shape, convolution, dy_shape);
    require_factors(alpha, beta);
    require(algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,
            "an algorithm whose sums have no fixed order");
    enqueue_pass(handle,
                 {{"x", x, problem.x_bytes(), Use::reads, 4},
                  {"dy", dy, problem.y_bytes(), Use::reads, 4},
                  {"dweight", dweight, problem.weight_bytes(), Use::writes}},
                 workspace, workspace_bytes, problem.workspace(kBackwardFilter), [=] {
                   Sums sums(problem.weight_bytes() / sizeof(float));
                   problem.each_row([&](auto y, auto to, auto from, int length) {
                     sums.data()[to] += dot(length, floats(dy) + y, floats(x) + from);
                   });
                   write(sums, dweight);
                 });
  });
}
