// Turns CUDA's status codes into Error.
#pragma once

#include <cuda_runtime_api.h>

#include <hourglass/error.hpp>
#include <string>

namespace hourglass::cuda::device {

/// `what` names the call, as in check(cudaMalloc(...), "cudaMalloc").
inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    (void)cudaGetLastError();  // told here; it must not surface again at somebody's next check
    throw DeviceError("CUDA: " + std::string(what) + " failed: " + cudaGetErrorString(status));
  }
}

}  // namespace hourglass::cuda::device
