#include <cublas_v2.h>
#include <cudnn.h>
#include <cusolverDn.h>

#include <string>

#include "device/devices.hpp"
#include "math/library_versions.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

std::vector<LibraryVersion> library_versions() {
  const CudaFacts facts = cuda_facts();
  const auto cudnn = cudnnGetVersion();
  const auto property_version = [](auto get_property) {
    int major = 0;
    int minor = 0;
    int patch = 0;
    get_property(MAJOR_VERSION, &major);
    get_property(MINOR_VERSION, &minor);
    get_property(PATCH_LEVEL, &patch);
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  };
  return {{"CUDA runtime", cuda_version(facts.runtime_version)},
          {"CUDA driver", facts.driver_version == 0 ? "none" : cuda_version(facts.driver_version)},
          {"cuDNN", std::to_string(cudnn / 10000) + "." + std::to_string(cudnn / 100 % 100) + "." +
                        std::to_string(cudnn % 100)},
          {"cuBLAS", property_version(cublasGetProperty)},
          {"cuSOLVER", property_version(cusolverGetProperty)}};
}

}  // namespace hourglass::HOURGLASS_TARGET::math
