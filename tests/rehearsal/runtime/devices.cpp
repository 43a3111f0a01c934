// CUDA's runtime: devices and errors.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "rehearsal/core/stream.hpp"
#include "rehearsal/runtime/architecture.hpp"
#include "rehearsal/runtime/call.hpp"

using namespace rehearsal;

namespace {

/// The numbers in CUDA_VISIBLE_DEVICES up to the first that no device has, or all.
std::vector<int> visible_devices() {
  std::vector<int> devices;
  const char* const wanted = std::getenv("CUDA_VISIBLE_DEVICES");
  if (wanted == nullptr) {
    for (int i = 0; i < kDevices; ++i) devices.push_back(i);
    return devices;
  }
  std::istringstream list(wanted);
  for (std::string item; std::getline(list, item, ',');) {
    int device = -1;
    if (std::sscanf(item.c_str(), "%d", &device) != 1 || device < 0 || device >= kDevices) break;
    devices.push_back(device);
  }
  return devices;
}

bool is_visible(int device) {
  return device >= 0 && device < static_cast<int>(visible_devices().size());
}

}  // namespace

cudaError_t& rehearsal::last_error() {
  thread_local cudaError_t error = cudaSuccess;
  return error;
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error();
  last_error() = cudaSuccess;
  return error;
}

const char* cudaGetErrorString(cudaError_t error) {
  constexpr std::pair<cudaError_t, const char*> kTexts[] = {
      {cudaErrorInvalidValue, "invalid argument"},
      {cudaErrorMemoryAllocation, "out of memory"},
      {cudaErrorInvalidConfiguration, "invalid configuration argument"},
      {cudaErrorInvalidDevice, "invalid device ordinal"},
      {cudaErrorNoDevice, "no CUDA-capable device is detected"},
      {cudaErrorLaunchOutOfResources, "too many resources requested for launch"},
      {cudaErrorNotSupported, "operation not supported"},
      {cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"},
      {cudaErrorLaunchFailure, "unspecified launch failure"}};
  for (const auto& [known, text] : kTexts) {
    if (known == error) return text;
  }
  return "no error";
}

cudaError_t cudaDriverGetVersion(int* version) {
  return runtime("cudaDriverGetVersion", cudaErrorInvalidValue, [&] { *version = CUDART_VERSION; });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return runtime("cudaRuntimeGetVersion", cudaErrorInvalidValue,
                 [&] { *version = CUDART_VERSION; });
}

cudaError_t cudaGetDeviceCount(int* count) {
  return runtime("cudaGetDeviceCount", cudaErrorNoDevice, [&] {
    *count = static_cast<int>(visible_devices().size());
    return *count == 0 ? cudaErrorNoDevice : cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return runtime("cudaGetDeviceProperties", cudaErrorInvalidDevice, [&] {
    if (!is_visible(device)) return cudaErrorInvalidDevice;
    *properties = {};
    const int number = visible_devices()[static_cast<std::size_t>(device)];
    std::snprintf(properties->name, sizeof properties->name, "Rehearsal %d", number);
    properties->major = kCapability / 10;
    properties->minor = kCapability % 10;
    properties->multiProcessorCount = architecture().processors;
    properties->totalGlobalMem = kDeviceBytes;
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return runtime("cudaSetDevice", cudaErrorInvalidDevice, [&] {
    if (!is_visible(device)) return cudaErrorInvalidDevice;
    current_device() = device;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return runtime("cudaGetDevice", cudaErrorInvalidValue, [&] { *device = current_device(); });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return runtime("cudaDeviceGetAttribute", cudaErrorInvalidValue, [&] {
    if (!is_visible(device)) return cudaErrorInvalidDevice;
    switch (attribute) {
      case cudaDevAttrMultiProcessorCount:
        *value = architecture().processors;
        break;
      case cudaDevAttrCooperativeLaunch:
        *value = architecture().cooperates ? 1 : 0;
        break;
      case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = static_cast<int>(architecture().shared_bytes_asked);
        break;
      default:
        require(false, "attribute ", attribute, " is not played");
    }
    return cudaSuccess;
  });
}
