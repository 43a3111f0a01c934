// Which devices there are, and which is taken.
#include "device/devices.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <hourglass/version.hpp>
#include <optional>
#include <utility>

#include "device/cpu_threads.hpp"
#include "target/cpu_level.hpp"

#if HOURGLASS_HAS_CUDA
#include <cuda_runtime_api.h>
#endif

namespace hourglass {
namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "CPU";
}

DeviceStatus cpu_status() {
  DeviceStatus status{.kind = DeviceKind::cpu, .index = 0, .name = processor_name()};
#if HOURGLASS_HAS_CPU
  status.detail = describe_cpu_threads();
  try {
    status.detail += std::string(", ") + cpu_level().name;
    status.usable = true;
  } catch (const Error& error) {
    status.problem = error.what();
  }
#else
  status.usable = false;
  status.problem = "this build has no CPU target (HOURGLASS_CPU=OFF)";
#endif
  return status;
}

#if HOURGLASS_HAS_CUDA
DeviceStatus gpu_status(int index) {
  DeviceStatus status{.kind = DeviceKind::cuda, .index = index, .name = "GPU"};
  cudaDeviceProp properties{};
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, index); error != cudaSuccess) {
    (void)cudaGetLastError();
    status.problem = cudaGetErrorString(error);
  } else {
    status.name = properties.name;
    status.detail = "compute capability " + std::to_string(properties.major) + "." +
                    std::to_string(properties.minor) + ", " +
                    std::to_string(properties.multiProcessorCount) + " SMs, " +
                    std::to_string(properties.totalGlobalMem >> 30U) + " GiB";
    status.problem =
        architecture_problem(properties.major * 10 + properties.minor, kCudaArchitectures);
  }
  status.usable = status.problem.empty();
  return status;
}
#endif

/// The GPUs, or why there are none to speak of.
struct Gpus {
  std::vector<DeviceStatus> found;
  std::string problem;
};

Gpus find_gpus() {
#if HOURGLASS_HAS_CUDA
  Gpus gpus{.found = {}, .problem = fork_problem()};
  if (!gpus.problem.empty()) return gpus;
  const CudaFacts facts = cuda_facts();
  gpus.problem = cuda_problem(facts);
  for (int i = 0; gpus.problem.empty() && i < facts.device_count; ++i) {
    gpus.found.push_back(gpu_status(i));
  }
  return gpus;
#else
  return {.found = {}, .problem = "this build has no CUDA target (HOURGLASS_CUDA=OFF)"};
#endif
}

Device to_device(const DeviceStatus& status) {
  return {status.kind, status.index, status.name, status.name + ", " + status.detail};
}

/// N of "cuda:N"; 0 for "cuda".
std::optional<int> cuda_index(std::string_view request) {
  if (request == "cuda") return 0;
  if (!request.starts_with("cuda:")) return std::nullopt;
  const std::string_view digits = request.substr(5);
  int index = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), index);
  if (error != std::errc() || end != digits.end() || index < 0) return std::nullopt;
  return index;
}

}  // namespace

#if HOURGLASS_HAS_CUDA
CudaFacts cuda_facts() {
  CudaFacts facts;
  if (cudaDriverGetVersion(&facts.driver_version) != cudaSuccess) facts.driver_version = 0;
  cudaRuntimeGetVersion(&facts.runtime_version);
  if (cudaGetDeviceCount(&facts.device_count) != cudaSuccess) facts.device_count = 0;
  cudaGetLastError();  // a machine without a GPU is no lasting failure
  return facts;
}
#endif

std::string cuda_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string fork_problem() {
  static const pid_t first = getpid();
  if (getpid() == first) return "";
  return "CUDA cannot be used in a process that was forked after its first use; start the process "
         "afresh (in Python by multiprocessing's \"spawn\"), or use the device cpu";
}

std::string cuda_problem(const CudaFacts& facts) {
  if (facts.driver_version == 0) {
    return "no NVIDIA driver answers; install one, or use --device cpu";
  }
  if (facts.driver_version / 1000 < facts.runtime_version / 1000) {
    return "the NVIDIA driver is too old: it supports CUDA " + cuda_version(facts.driver_version) +
           ", this build needs " + cuda_version(facts.runtime_version) +
           "; update the driver, or build with an older toolkit";
  }
  if (facts.device_count == 0) {
    return "the NVIDIA driver finds no GPU (CUDA_VISIBLE_DEVICES hides them if it is empty)";
  }
  return "";
}

std::string architecture_problem(int capability, std::string_view architectures) {
  std::string_view rest = architectures;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    if (item.starts_with("all")) return "";  // CMake's "all", "all-major"
    int number = 0;
    if (std::from_chars(item.begin(), item.end(), number).ec != std::errc()) continue;
    const bool machine_code = !item.ends_with("-virtual");
    const bool ptx = !item.ends_with("-real");
    if (machine_code && number / 10 == capability / 10 && number <= capability) return "";
    if (ptx && number <= capability) return "";
  }
  const std::string wanted = std::to_string(capability);
  return "this build has no code for compute capability " + std::to_string(capability / 10) + "." +
         std::to_string(capability % 10) + " (it has: " + std::string(architectures) +
         "); rebuild with -DCMAKE_CUDA_ARCHITECTURES=" + wanted;
}

Device select_device(std::string_view request) {
  if (request == "auto") {
    for (const DeviceStatus& gpu : find_gpus().found) {
      if (gpu.usable) return to_device(gpu);
    }
    request = "cpu";
  }
  if (request == "cpu") {
    const DeviceStatus status = cpu_status();
    if (!status.usable) throw DeviceError("device 'cpu': " + status.problem);
    return to_device(status);
  }
  const std::string name = "device '" + std::string(request) + "': ";
  const std::optional<int> index = cuda_index(request);
  if (!index) {
    throw UsageError("unknown device '" + std::string(request) +
                     "'; there are: auto, cpu, cuda, cuda:N");
  }
  const Gpus gpus = find_gpus();
  if (!gpus.problem.empty()) throw DeviceError(name + gpus.problem);
  const auto count = gpus.found.size();
  if (static_cast<std::size_t>(*index) >= count) {
    throw DeviceError(name + "there " +
                      (count == 1 ? "is 1 GPU" : "are " + std::to_string(count) + " GPUs") +
                      ", counted from 0");
  }
  const DeviceStatus& gpu = gpus.found[static_cast<std::size_t>(*index)];
  if (!gpu.usable) throw DeviceError(name + gpu.problem);
  return to_device(gpu);
}

std::vector<DeviceStatus> list_devices() {
  std::vector<DeviceStatus> devices{cpu_status()};
  Gpus gpus = find_gpus();
  if (!gpus.problem.empty()) {
    devices.push_back({DeviceKind::cuda, 0, "GPU", "", false, std::move(gpus.problem)});
  }
  devices.insert(devices.end(), gpus.found.begin(), gpus.found.end());
  return devices;
}

}  // namespace hourglass
