#include "cli/library_environment.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#if HOURGLASS_HAS_CPU
#include <cblas.h>
#endif

namespace hourglass::cli {
namespace {

bool sleep_when_waiting() {
  constexpr const char* kPolicy = "OMP_WAIT_POLICY";
  constexpr const char* kSpins = "GOMP_SPINCOUNT";  // libgomp's own, beats the policy
  if (std::getenv(kPolicy) != nullptr || std::getenv(kSpins) != nullptr) return false;
  setenv(kPolicy, "passive", 0);
  setenv(kSpins, "2000", 0);  // longer than most gaps between a step's parallel regions
  return true;
}

bool use_all_of_the_processor() {
#if HOURGLASS_HAS_CPU && defined(__x86_64__)
  constexpr const char* kCore = "OPENBLAS_CORETYPE";
  if (std::getenv(kCore) != nullptr) return false;
  if (openblas_get_corename() != std::string_view("Prescott")) return false;
  const char* better = nullptr;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    better = "SkylakeX";
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    better = "Haswell";
  }
  if (better != nullptr) setenv(kCore, better, 0);
  return better != nullptr;
#else
  return false;
#endif
}

}  // namespace

void suit_libraries(char** argv) {
  // By its name: one started from /proc/self/exe would be called "exe" in a list of processes.
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return;
  const bool waits_otherwise = sleep_when_waiting();
  const bool computes_otherwise = use_all_of_the_processor();
  if (waits_otherwise || computes_otherwise) execv(program.c_str(), argv);
  // Still here: it works as well without, if more slowly.
}

}  // namespace hourglass::cli
