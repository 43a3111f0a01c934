// CUDA's library handles, all bound to the context's stream, and their status codes as Error.
#pragma once

#include <cublas_v2.h>
#include <cudnn.h>
#include <cusolverDn.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <optional>
#include <string>
#include <utility>

#include "device/buffer.hpp"
#include "device/check_cuda.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

inline void check(cudnnStatus_t status, const char* what) {
  if (status != CUDNN_STATUS_SUCCESS) {
    char reason[512] = "";
    cudnnGetLastErrorString(reason, sizeof reason);
    std::ranges::replace(reason, '\n', ' ');
    throw DeviceError("cuDNN: " + std::string(what) + " failed: " + cudnnGetErrorString(status) +
                      " (" + reason + ")");
  }
}

inline void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw DeviceError("cuBLAS: " + std::string(what) + " failed: " + cublasGetStatusString(status));
  }
}

inline void check(cusolverStatus_t status, const char* what) {
  if (status != CUSOLVER_STATUS_SUCCESS) {
    throw DeviceError("cuSOLVER: " + std::string(what) + " failed with status " +
                      std::to_string(static_cast<int>(status)));
  }
}

/// Owns what a C library calls a handle, a descriptor or a plan.
template <class T, auto destroy>
class Handle {
 public:
  Handle() = default;
  ~Handle() {
    if (value_) destroy(*value_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  /// By create(&handle, arguments...); once. `what` names it, as in "creating a descriptor".
  template <class Create, class... Arguments>
  void make(const char* what, Create create, Arguments... arguments) {
    T value{};
    check(create(&value, arguments...), what);
    value_ = value;
  }
  [[nodiscard]] bool made() const { return value_.has_value(); }
  [[nodiscard]] T get() const { return *value_; }

 private:
  std::optional<T> value_;
};

/// A library's own handle, made when first wanted: each costs tens of milliseconds and GPU memory.
template <class T, auto create, auto set_stream, auto destroy>
class LazyHandle {
 public:
  explicit LazyHandle(cudaStream_t stream) : stream_(stream) {}

  T get() {
    if (!handle_.made()) handle_.make("creating a handle", create);
    if (!bound_) check(set_stream(handle_.get(), stream_), "setting the stream");
    bound_ = true;  // else the next call would go to the default stream
    return handle_.get();
  }

 private:
  cudaStream_t stream_;
  Handle<T, destroy> handle_;
  bool bound_ = false;
};

/// cuBLAS with a workspace of ours: without one, calls under capture put allocations into the
/// graph.
class CublasHandle {
 public:
  explicit CublasHandle(cudaStream_t stream) : handle_(stream) {}

  cublasHandle_t get() {
    const cublasHandle_t handle = handle_.get();
    if (workspace_.size() == 0) {
      constexpr std::size_t kBytes = std::size_t{32} << 20;  // NVIDIA's advice for Hopper
      device::Buffer<unsigned char> workspace(kBytes);
      check(cublasSetWorkspace(handle, workspace.data(), workspace.size()),
            "setting the workspace");
      workspace_ = std::move(workspace);
    }
    return handle;
  }

 private:
  device::Buffer<unsigned char> workspace_;  // outlives the handle
  LazyHandle<cublasHandle_t, cublasCreate, cublasSetStream, cublasDestroy> handle_;
};

struct Libraries {
  explicit Libraries(cudaStream_t stream) : cudnn(stream), cublas(stream), cusolver(stream) {}

  LazyHandle<cudnnHandle_t, cudnnCreate, cudnnSetStream, cudnnDestroy> cudnn;
  CublasHandle cublas;
  LazyHandle<cusolverDnHandle_t, cusolverDnCreate, cusolverDnSetStream, cusolverDnDestroy> cusolver;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
