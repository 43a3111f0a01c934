// How many threads this process is given: by affinity, by its control group, by its environment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace hourglass {

/// What limits the CPU time of this process.
struct CpuLimits {
  int processors = 1;                       ///< that it may run on (taskset, cpusets)
  std::optional<double> quota = {};         ///< cores' worth of time, by its control groups
  std::optional<int> omp_num_threads = {};  ///< of the environment

  /// As many threads as can run at once; a begun core counts.
  [[nodiscard]] int threads() const;
  /// "2 threads"; where the quota is less than the processors, also that.
  [[nodiscard]] std::string describe(int threads) const;
};

[[nodiscard]] CpuLimits cpu_limits();

/// The tightest quota of the control groups, versions 1 and 2, from this process's up to the
/// highest that can be seen. `root`: where /proc and /sys lie.
[[nodiscard]] std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

/// Those in use, as the line about the device says them.
[[nodiscard]] std::string describe_cpu_threads();

}  // namespace hourglass
