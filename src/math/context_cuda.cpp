#include <cuda_runtime_api.h>

#include "device/check_cuda.hpp"
#include "device/devices.hpp"
#include "math/context.hpp"
#include "math/libraries_cuda.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

/// Before the stream is made: a stream belongs to the device that is current then.
int use_device(int index) {
  if (const std::string problem = fork_problem(); !problem.empty()) throw DeviceError(problem);
  device::check(cudaSetDevice(index), "cudaSetDevice");
  return index;
}

}  // namespace

Context::Context(int device_index, Precision precision)
    : device_index_(use_device(device_index)),
      precision_(precision),
      libraries_(std::make_unique<Libraries>(stream_.handle())) {}

Context::~Context() {
  make_current(std::nothrow);
}

void Context::make_current() const {
  use_device(device_index_);
}

void Context::make_current(std::nothrow_t) const noexcept {
  cudaSetDevice(device_index_);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
