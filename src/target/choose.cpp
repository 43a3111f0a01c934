#include <hourglass/error.hpp>

#include "target/cpu_level.hpp"
#include "target/table.hpp"

namespace hourglass {

namespace cuda {
extern const Target kTarget;  // table.cpp, compiled once for each target
}

const Target& target_of(const Device& device) {
#if HOURGLASS_HAS_CPU
  if (device.kind == DeviceKind::cpu) return *cpu_level().target;
#endif
#if HOURGLASS_HAS_CUDA
  if (device.kind == DeviceKind::cuda) return cuda::kTarget;
#endif
  throw DeviceError("this build has no code for device '" + device.name + "'");
}

}  // namespace hourglass
