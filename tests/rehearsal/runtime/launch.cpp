// CUDA's runtime: launches.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "kernels/simt/launch_cuda.hpp"
#include "rehearsal/core/memory.hpp"
#include "rehearsal/runtime/gpu.hpp"
#include "rehearsal/runtime/streams.hpp"

using namespace rehearsal;
namespace simt = hourglass::HOURGLASS_TARGET::simt;

namespace {

struct Kernel {
  std::string name;
  simt::detail::Call call = nullptr;
  std::span<const simt::detail::Parameter> parameters{};
  std::array<std::size_t, kDevices> shared_bytes = {kSharedBytes, kSharedBytes};  // may have, each
};

auto& kernels = *new std::map<const void*, Kernel>;

Kernel& kernel(const void* function) {
  const auto found = kernels.find(function);
  require(found != kernels.end(), "a kernel that nobody has told of");
  return found->second;
}

/// The shared memory that a kernel may have on the current device.
auto& allowed(auto& kernel) {
  return kernel.shared_bytes[static_cast<std::size_t>(current_device)];
}

/// A launch's own copy of what its kernel is given.
struct Arguments {
  std::vector<std::vector<std::byte>> values;
  std::vector<void*> pointers;
  std::vector<Operand> buffers;  ///< whatever points to device memory, and all plain pointers

  Arguments(const Kernel& kernel, void* const* given) {
    for (const auto [bytes, is_pointer] : kernel.parameters) {
      const auto* first = static_cast<const std::byte*>(given[values.size()]);
      auto& value = values.emplace_back(first, first + bytes);
      pointers.push_back(value.data());
      for (std::size_t at = 0; at + sizeof(void*) <= bytes; at += sizeof(void*)) {
        const void* word = nullptr;
        std::memcpy(&word, first + at, sizeof word);
        if (is_pointer || was_buffer(word)) buffers.push_back({"an argument", word, 0});
      }
    }
  }
};

std::size_t blocks_on_a_processor(const Kernel& kernel, std::size_t threads,
                                  std::size_t shared_bytes) {
  const Architecture& gpu = architecture();
  const bool trains = kernel.name.find("train_kernel") != std::string::npos;
  const std::size_t registers = trains ? gpu.registers_of_train : gpu.registers;
  return std::min({gpu.processor_blocks, gpu.processor_threads / threads,
                   gpu.processor_registers / (registers * threads),
                   gpu.processor_shared_bytes / (shared_bytes + kReservedSharedBytes)});
}

simt::LaunchConfig played(const cudaLaunchConfig_t& launch) {
  const auto dim = [](const dim3& d) { return simt::Dim3{d.x, d.y, d.z}; };
  simt::LaunchConfig config{.grid = dim(launch.gridDim),
                            .block = dim(launch.blockDim),
                            .shared_bytes = launch.dynamicSmemBytes};
  for (unsigned i = 0; i < launch.numAttrs; ++i) {
    require(launch.attrs[i].id == cudaLaunchAttributeCooperative,
            "an attribute that is not played");
    config.cooperative = launch.attrs[i].val.cooperative != 0;
  }
  return config;
}

/// What CUDA answers to a launch of this shape.
cudaError_t verdict(const simt::LaunchConfig& config, const Kernel& kernel) {
  const auto within = [](const simt::Dim3& d, const simt::Dim3& most) {
    return d.count() > 0 && d.x <= most.x && d.y <= most.y && d.z <= most.z;
  };
  if (!within(config.block, kBlockDim) || !within(config.grid, kGridDim)) {
    return cudaErrorInvalidConfiguration;
  }
  if (config.block.count() > kBlockThreads) return cudaErrorInvalidConfiguration;
  if (config.shared_bytes > allowed(kernel)) return cudaErrorInvalidValue;
  const std::size_t each = blocks_on_a_processor(kernel, config.block.count(), config.shared_bytes);
  if (each == 0) return cudaErrorLaunchOutOfResources;
  const std::size_t resident = static_cast<std::size_t>(architecture().processors) * each;
  if (config.cooperative && !architecture().cooperates) return cudaErrorNotSupported;
  if (config.cooperative && config.grid.count() > resident) {
    return cudaErrorCooperativeLaunchTooLarge;
  }
  return cudaSuccess;
}

}  // namespace

void simt::detail::tell(const void* function, Call call, std::span<const Parameter> parameters) {
  const std::lock_guard lock(api_lock());
  if (kernels.contains(function)) return;
  kernels[function] = {.name = kernel_name(function), .call = call, .parameters = parameters};
}

cudaError_t cudaFuncGetName(const char** name, const void* function) {
  *name = kernel(function).name.c_str();
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  return Runtime::call(__func__, [&] {
    require(attribute == cudaFuncAttributeMaxDynamicSharedMemorySize, "an attribute that is not ",
            "played");
    if (value < 0 || static_cast<std::size_t>(value) > architecture().shared_bytes_asked) {
      return cudaErrorInvalidValue;
    }
    // Also less than it had (cuda.h, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES).
    allowed(kernel(function)) = static_cast<std::size_t>(value);
    return cudaSuccess;
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function,
                                                          int threads, std::size_t shared_bytes) {
  return Runtime::call(__func__, [&] {
    *blocks = static_cast<int>(
        blocks_on_a_processor(kernel(function), static_cast<std::size_t>(threads), shared_bytes));
  });
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* launch, const void* function,
                                void** arguments) {
  const Kernel& launched = kernel(function);
  return Runtime::call(__func__, [&] {
    const Call call(launched.name);
    const simt::LaunchConfig config = played(*launch);
    if (const cudaError_t error = verdict(config, launched); error != cudaSuccess) return error;
    const auto own = std::make_shared<const Arguments>(launched, arguments);
    enqueue(require_stream(launch->stream),
            {launched.name, current_device, own->buffers, [config, function, own, &launched] {
               count("kernels");
               play(config, [&] { launched.call(function, own->pointers.data()); });
             }});
    return cudaSuccess;
  });
}
