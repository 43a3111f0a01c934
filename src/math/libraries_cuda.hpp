// CUDA's library handles, all bound to the context's stream, and their status codes as Error.
#pragma once

#include <cublas_v2.h>
#include <cudnn.h>
#include <cusolverDn.h>

#include <hourglass/error.hpp>
#include <string>

#include "device/buffer.hpp"
#include "device/check_cuda.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

inline void check(cudnnStatus_t status, const char* what) {
  if (status != CUDNN_STATUS_SUCCESS) {
    throw Error("cuDNN: " + std::string(what) + " failed: " + cudnnGetErrorString(status));
  }
}

inline void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw Error("cuBLAS: " + std::string(what) + " failed: " + cublasGetStatusString(status));
  }
}

inline void check(cusolverStatus_t status, const char* what) {
  if (status != CUSOLVER_STATUS_SUCCESS) {
    throw Error("cuSOLVER: " + std::string(what) + " failed with status " +
                std::to_string(static_cast<int>(status)));
  }
}

/// A library handle made when first wanted: each costs tens of milliseconds and GPU memory.
template <class Handle, auto create, auto set_stream, auto destroy>
class LazyHandle {
 public:
  explicit LazyHandle(cudaStream_t stream) : stream_(stream) {}
  ~LazyHandle() {
    if (handle_ != nullptr) destroy(handle_);
  }
  LazyHandle(const LazyHandle&) = delete;
  LazyHandle& operator=(const LazyHandle&) = delete;

  Handle get() {
    if (handle_ == nullptr) {
      check(create(&handle_), "creating a handle");
      check(set_stream(handle_, stream_), "setting the stream");
    }
    return handle_;
  }

 private:
  cudaStream_t stream_;
  Handle handle_ = nullptr;
};

/// cuBLAS with a workspace of ours: without one, calls under capture put allocations into the graph.
class CublasHandle {
 public:
  explicit CublasHandle(cudaStream_t stream) : handle_(stream) {}

  cublasHandle_t get() {
    const cublasHandle_t handle = handle_.get();
    if (workspace_.size() == 0) {
      constexpr std::size_t kBytes = std::size_t{32} << 20;  // NVIDIA's advice for Hopper
      workspace_ = device::Buffer<unsigned char>(kBytes);
      check(cublasSetWorkspace(handle, workspace_.data(), workspace_.size()),
            "setting the workspace");
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
