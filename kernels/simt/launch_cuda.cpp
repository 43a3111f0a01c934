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

/// A question that fails is no answer: taken for a no it would change what is computed.
void ask(const char* call, cudaError_t error) {
  if (error == cudaSuccess) return;
  (void)cudaGetLastError();  // told here, as above
  throw DeviceError("CUDA: " + std::string(call) + " failed: " + cudaGetErrorString(error));
}

/// The current device's.
int attribute(cudaDeviceAttr which) {
  int device = 0;
  ask("cudaGetDevice", cudaGetDevice(&device));
  int value = 0;
  ask("cudaDeviceGetAttribute", cudaDeviceGetAttribute(&value, which, device));
  return value;
}

/// Lets a kernel have all the shared memory there is, of which it says at each launch how much. A
/// limit that one launch needs might be too low for the next, and it is all threads'.
void allow_shared_memory(const void* kernel) {
  ask("cudaFuncSetAttribute",
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                           attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin)));
}

}  // namespace

std::size_t most_shared_bytes() {
  return static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
}

bool blocks_may_wait() {
  return attribute(cudaDevAttrCooperativeLaunch) != 0;
}

std::size_t detail::resident_blocks(const void* kernel, unsigned block, std::size_t shared_bytes) {
  if (shared_bytes > most_shared_bytes()) return 0;
  allow_shared_memory(kernel);
  int each = 0;
  ask("cudaOccupancyMaxActiveBlocksPerMultiprocessor",
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, kernel, static_cast<int>(block),
                                                    shared_bytes));
  return static_cast<std::size_t>(attribute(cudaDevAttrMultiProcessorCount)) *
         static_cast<std::size_t>(each);
}

void detail::launch(StreamHandle stream, const LaunchConfig& config, const void* kernel,
                    void** arguments) {
  if (config.grid.count() == 0) return;
  constexpr std::size_t kGivenWithoutAsking = 48 * 1024;
  if (config.shared_bytes > kGivenWithoutAsking) allow_shared_memory(kernel);
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
  const cudaError_t error = cudaLaunchKernelExC(&launch, kernel, arguments);
  if (error != cudaSuccess) throw_launch_error(kernel, config, error);
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
