// CUDA's runtime: how its calls answer.
#pragma once

#include <cuda_runtime_api.h>

#include <type_traits>

#include "rehearsal/core/answer.hpp"

namespace rehearsal {

/// What cudaGetLastError tells next.
cudaError_t& last_error();

/// `failure` if the call must fail, else what `body` does: with success, or the error it returns.
template <class Body>
cudaError_t runtime(const char* name, cudaError_t failure, Body body) {
  const std::lock_guard lock(api_lock());
  const Call call(name);
  cudaError_t error = cudaSuccess;
  switch (fate(name)) {
    case Fate::device_lost:
      error = cudaErrorLaunchFailure;
      break;
    case Fate::fails:
      error = failure;
      break;
    case Fate::succeeds:
      if constexpr (std::is_void_v<decltype(body())>) {
        body();
      } else {
        error = body();
      }
  }
  if (error != cudaSuccess) last_error() = error;
  return error;
}

/// The same for what gives something back, which is gone whatever the answer. `body` is told
/// whether the device is there.
template <class Body>
cudaError_t runtime_release(const char* name, Body body) {
  const std::lock_guard lock(api_lock());
  const Call call(name);
  const Fate answer = fate(name);
  body(answer != Fate::device_lost);
  const cudaError_t error = answer == Fate::succeeds ? cudaSuccess : cudaErrorLaunchFailure;
  if (error != cudaSuccess) last_error() = error;
  return error;
}

}  // namespace rehearsal
