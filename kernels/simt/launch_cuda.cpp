// Launching by CUDA's runtime.
#include "kernels/simt/launch_cuda.hpp"

#include <cuda_runtime_api.h>

#include <hourglass/error.hpp>
#include <string>

namespace hourglass::HOURGLASS_TARGET::simt {

namespace {

[[noreturn]] void throw_launch_error(const void* kernel, const LaunchConfig& config,
                                     cudaError_t error) {
  (void)cudaGetLastError();  // told here; it must not surface again at the next check
  const char* name = nullptr;
  if (cudaFuncGetName(&name, kernel) != cudaSuccess) name = "a kernel";
  const auto text = [](const Dim3& d) {
    return std::to_string(d.x) + "x" + std::to_string(d.y) + "x" + std::to_string(d.z);
  };
  throw DeviceError(std::string("cannot launch ") + name + " as " + text(config.grid) +
                    " blocks of " + text(config.block) + " threads with " +
                    std::to_string(config.shared_bytes) +
                    " bytes of shared memory: " + cudaGetErrorString(error));
}

/// An answer that is no is told nobody: it must not surface again at the next check.
bool succeeds(cudaError_t error) {
  if (error != cudaSuccess) (void)cudaGetLastError();
  return error == cudaSuccess;
}

/// The current device's.
cudaError_t get_attribute(cudaDeviceAttr which, int& value) {
  int device = 0;
  const cudaError_t error = cudaGetDevice(&device);
  return error == cudaSuccess ? cudaDeviceGetAttribute(&value, which, device) : error;
}

/// The same, 0 if it does not say.
int attribute(cudaDeviceAttr which) {
  int value = 0;
  return succeeds(get_attribute(which, value)) ? value : 0;
}

/// Lets a kernel have all the shared memory there is, of which it says at each launch how much. A
/// limit that one launch needs might be too low for the next, and it is all threads'.
cudaError_t allow_shared_memory(const void* kernel) {
  int most = 0;
  const cudaError_t error = get_attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, most);
  if (error != cudaSuccess) return error;
  return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most);
}

}  // namespace

std::size_t most_shared_bytes() {
  return static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
}

bool blocks_may_wait() {
  return attribute(cudaDevAttrCooperativeLaunch) != 0;
}

std::size_t detail::resident_blocks(const void* kernel, unsigned block, std::size_t shared_bytes) {
  int each = 0;
  if (shared_bytes > most_shared_bytes() || !succeeds(allow_shared_memory(kernel)) ||
      !succeeds(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
          &each, kernel, static_cast<int>(block), shared_bytes))) {
    return 0;
  }
  return static_cast<std::size_t>(attribute(cudaDevAttrMultiProcessorCount)) *
         static_cast<std::size_t>(each);
}

void detail::launch(StreamHandle stream, const LaunchConfig& config, const void* kernel,
                    void** arguments) {
  if (config.grid.count() == 0) return;
  const auto check = [&](cudaError_t error) {
    if (error != cudaSuccess) throw_launch_error(kernel, config, error);
  };
  constexpr std::size_t kGivenWithoutAsking = 48 * 1024;
  if (config.shared_bytes > kGivenWithoutAsking) check(allow_shared_memory(kernel));
  cudaLaunchAttribute cooperative{};
  cooperative.id = cudaLaunchAttributeCooperative;
  cooperative.val.cooperative = 1;
  cudaLaunchConfig_t launch{};
  launch.gridDim = {config.grid.x, config.grid.y, config.grid.z};
  launch.blockDim = {config.block.x, config.block.y, config.block.z};
  launch.dynamicSmemBytes = config.shared_bytes;
  launch.stream = stream;
  launch.attrs = &cooperative;
  launch.numAttrs = config.cooperative ? 1 : 0;
  check(cudaLaunchKernelExC(&launch, kernel, arguments));
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
