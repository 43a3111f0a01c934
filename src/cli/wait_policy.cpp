#include "cli/wait_policy.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace hourglass::cli {

void sleep_when_waiting(char** argv) {
  constexpr const char* kPolicy = "OMP_WAIT_POLICY";
  constexpr const char* kSpins = "GOMP_SPINCOUNT";  // libgomp's own, beats the policy
  if (std::getenv(kPolicy) != nullptr || std::getenv(kSpins) != nullptr) return;
  // By its name: one started from /proc/self/exe would be called "exe" in a list of processes.
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return;
  setenv(kPolicy, "passive", 0);
  setenv(kSpins, "2000", 0);  // longer than most gaps between a step's parallel regions
  execv(program.c_str(), argv);
  // Still here: it works as well without, if more slowly on a busy machine.
}

}  // namespace hourglass::cli
