// Thrust, by its own backend for the host: the policy `thrust::cuda::par.on(stream)`. Read before
// the sources that use it (-include).
#pragma once

#include <cuda_runtime_api.h>
#include <thrust/execution_policy.h>
#include <thrust/system/cpp/execution_policy.h>

#include <memory>

namespace rehearsal {

/// Thrust's algorithms wait for their stream, before and after, and allocate: while one lives, the
/// stream is empty and the device's memory open.
[[nodiscard]] std::shared_ptr<void> open_for_thrust(cudaStream_t stream);

struct ThrustPolicy : thrust::system::cpp::detail::execution_policy<ThrustPolicy> {
  explicit ThrustPolicy(cudaStream_t stream) : opened(open_for_thrust(stream)) {}
  std::shared_ptr<void> opened;
};

}  // namespace rehearsal

namespace thrust::cuda {

inline constexpr struct {
  [[nodiscard]] rehearsal::ThrustPolicy on(cudaStream_t stream) const {
    return rehearsal::ThrustPolicy(stream);
  }
} par;

}  // namespace thrust::cuda
