#include "device/cpu_threads.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <hourglass/device.hpp>
#include <sstream>
#include <string_view>
#include <thread>

#include "device/control_groups.hpp"

#if HOURGLASS_HAS_CPU
#include <cblas.h>
#include <omp.h>
#endif

namespace hourglass {
namespace {

namespace fs = std::filesystem;

/// Microseconds of CPU time in each of so many, or nothing where there is no limit.
std::optional<double> quota_of(const ControlGroup& group) {
  double quota = 0.0;
  double period = 0.0;
  if (group.version == 2) {
    std::ifstream(group.folder / "cpu.max") >> quota >> period;  // "max" is no number
  } else {
    std::ifstream(group.folder / "cpu.cfs_quota_us") >> quota;  // -1: none
    std::ifstream(group.folder / "cpu.cfs_period_us") >> period;
  }
  if (!(quota > 0.0) || !(period > 0.0)) return std::nullopt;
  return quota / period;
}

int processors() {
#if HOURGLASS_HAS_CPU
  return omp_get_num_procs();
#else
  return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
#endif
}

/// The first of its list, as OpenMP reads it.
std::optional<int> omp_num_threads() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  int threads = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), threads);
  if (error != std::errc() || threads < 1) return std::nullopt;
  return threads;
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  std::optional<double> tightest;
  for (const ControlGroup& group : control_groups("cpu", root)) {
    if (const auto quota = quota_of(group)) {
      tightest = std::min(*quota, tightest.value_or(*quota));
    }
  }
  return tightest;
}

int CpuLimits::threads() const {
  if (omp_num_threads) return *omp_num_threads;
  if (!quota) return processors;
  return std::clamp(static_cast<int>(std::ceil(*quota)), 1, processors);
}

std::string CpuLimits::describe(int threads) const {
  std::ostringstream text;
  text << threads << (threads == 1 ? " thread" : " threads");
  if (quota && *quota < processors) {
    text << " of a quota of " << *quota << (*quota == 1.0 ? " core" : " cores");
  }
  return text.str();
}

CpuLimits cpu_limits() {
  return {processors(), cpu_quota(), omp_num_threads()};
}

std::string describe_cpu_threads() {
  return cpu_limits().describe(cpu_threads());
}

int set_cpu_threads(int threads) {
#if HOURGLASS_HAS_CPU
  omp_set_num_threads(threads > 0 ? threads : cpu_limits().threads());
  openblas_set_num_threads(omp_get_max_threads());
#else
  static_cast<void>(threads);
#endif
  return cpu_threads();
}

int cpu_threads() {
#if HOURGLASS_HAS_CPU
  return omp_get_max_threads();
#else
  return cpu_limits().threads();
#endif
}

}  // namespace hourglass
