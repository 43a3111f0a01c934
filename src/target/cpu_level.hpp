// For which of the processors that the CPU target was compiled for it works here.
#pragma once

#include <span>

namespace hourglass {

struct Target;

/// One compilation of the CPU target.
struct CpuLevel {
  const char* name;      ///< "x86-64-v3"; "native" or "default" where there is but one
  const Target* target;  ///< what it gives
  bool runs;             ///< on this processor
};

/// The best of those that run here, or the one that is asked for by name (null and "" ask for
/// none). `levels` ascend. Throws UsageError for a name that is not among them, DeviceError where
/// the processor does not run it, or none of them.
[[nodiscard]] const CpuLevel& pick_level(std::span<const CpuLevel> levels, const char* asked);

/// The level of this process, picked once, with $HOURGLASS_CPU_LEVEL for what is asked. Throws as
/// pick_level does. Only where the build has the CPU target.
[[nodiscard]] const CpuLevel& cpu_level();

}  // namespace hourglass
