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
#include <vector>

#if HOURGLASS_HAS_CPU
#include <cblas.h>
#include <omp.h>
#endif

namespace hourglass {
namespace {

namespace fs = std::filesystem;

/// A folder of control groups: where it is mounted, and where in it this process is.
struct Hierarchy {
  int version = 0;
  fs::path mount;
  fs::path group;
};

bool lists(std::string_view names, std::string_view wanted) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    if (name == wanted) return true;
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  return false;
}

/// Those that may limit CPU time.
std::vector<Hierarchy> hierarchies(const fs::path& root) {
  fs::path group_v1;
  fs::path group_v2;
  std::ifstream groups(root / "proc/self/cgroup");  // number:controllers:/group
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const fs::path group = fs::path(line.substr(second + 1)).relative_path();
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) group_v2 = group;
    if (lists(controllers, "cpu")) group_v1 = group;
  }
  std::vector<Hierarchy> found;
  std::ifstream mounts(root / "proc/self/mounts");  // device mount-point type options ...
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device;
    std::string mount;
    std::string type;
    std::string options;
    words >> device >> mount >> type >> options;
    const fs::path folder = root / fs::path(mount).relative_path();
    if (type == "cgroup2") found.push_back({2, folder, group_v2});
    if (type == "cgroup" && lists(options, "cpu")) found.push_back({1, folder, group_v1});
  }
  return found;
}

/// Microseconds of CPU time in each of so many, or nothing where there is no limit.
std::optional<double> quota_of(int version, const fs::path& group) {
  double quota = 0.0;
  double period = 0.0;
  if (version == 2) {
    std::ifstream(group / "cpu.max") >> quota >> period;  // "max" is no number
  } else {
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;  // -1: none
    std::ifstream(group / "cpu.cfs_period_us") >> period;
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
  for (const auto& [version, mount, group] : hierarchies(root)) {
    // Inside a container a group may be named as the host sees it; only the mount is there then.
    for (fs::path level = group;; level = level.parent_path()) {
      if (const auto quota = quota_of(version, mount / level)) {
        tightest = std::min(*quota, tightest.value_or(*quota));
      }
      if (level.empty()) break;
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
