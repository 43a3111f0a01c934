// CUDA's runtime: devices and errors.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "rehearsal/runtime/gpu.hpp"
#include "rehearsal/runtime/streams.hpp"

using namespace rehearsal;

namespace {

/// The numbers in CUDA_VISIBLE_DEVICES up to the first that no device has, or all.
std::vector<int> visible_devices() {
  const char* const wanted = std::getenv("CUDA_VISIBLE_DEVICES");
  std::istringstream list(wanted == nullptr ? "0,1" : wanted);
  std::vector<int> devices;
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

cudaError_t cudaGetLastError() {
  return std::exchange(Runtime::last_failure, cudaSuccess);
}

const char* cudaGetErrorString(cudaError_t error) {
  static const std::map<cudaError_t, const char*> kTexts{
      {cudaSuccess, "no error"},
      {cudaErrorInvalidValue, "invalid argument"},
      {cudaErrorMemoryAllocation, "out of memory"},
      {cudaErrorInvalidConfiguration, "invalid configuration argument"},
      {cudaErrorInvalidDevice, "invalid device ordinal"},
      {cudaErrorNoDevice, "no CUDA-capable device is detected"},
      {cudaErrorLaunchOutOfResources, "too many resources requested for launch"},
      {cudaErrorNotSupported, "operation not supported"},
      {cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"},
      {cudaErrorLaunchFailure, "unspecified launch failure"}};
  return kTexts.at(error);
}

cudaError_t cudaDriverGetVersion(int* version) {
  return Runtime::call(__func__, [&] { *version = CUDART_VERSION; });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return Runtime::call(__func__, [&] { *version = CUDART_VERSION; });
}

cudaError_t cudaGetDeviceCount(int* count) {
  return Runtime::call(__func__, [&] {
    *count = static_cast<int>(visible_devices().size());
    return *count == 0 ? cudaErrorNoDevice : cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return Runtime::call("cudaGetDeviceProperties", [&] {
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
  return Runtime::call(__func__, [&] {
    if (!is_visible(device)) return cudaErrorInvalidDevice;
    current_device = device;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return Runtime::call(__func__, [&] { *device = current_device; });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return Runtime::call(__func__, [&] {
    if (!is_visible(device)) return cudaErrorInvalidDevice;
    const Architecture& gpu = architecture();
    const std::map<cudaDeviceAttr, int> values{
        {cudaDevAttrMultiProcessorCount, gpu.processors},
        {cudaDevAttrCooperativeLaunch, gpu.cooperates ? 1 : 0},
        {cudaDevAttrMaxSharedMemoryPerBlockOptin, static_cast<int>(gpu.shared_bytes_asked)}};
    require(values.contains(attribute), "attribute ", attribute, " is not played");
    *value = values.at(attribute);
    return cudaSuccess;
  });
}
