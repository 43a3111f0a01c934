#include "target/cpu_level.hpp"

#include <algorithm>
#include <cstdlib>
#include <hourglass/error.hpp>
#include <string>
#include <string_view>

#include "target/cpu_levels.hpp"

namespace hourglass {
namespace {

std::string names_of(std::span<const CpuLevel> levels) {
  std::string names;
  for (const CpuLevel& level : levels)
    names += (names.empty() ? "" : ", ") + std::string(level.name);
  return names;
}

}  // namespace

const CpuLevel& pick_level(std::span<const CpuLevel> levels, const char* asked) {
  const auto best = std::find_if(levels.rbegin(), levels.rend(),
                                 [](const CpuLevel& level) { return level.runs; });
  if (best == levels.rend()) {
    throw DeviceError("this processor runs none of the levels that this build has: " +
                      names_of(levels) + " (CMake's HOURGLASS_CPU_LEVELS)");
  }
  const std::string_view name = asked == nullptr ? "" : asked;
  if (name.empty()) return *best;
  const auto named =
      std::ranges::find_if(levels, [&](const CpuLevel& level) { return level.name == name; });
  if (named == levels.end()) {
    throw UsageError("HOURGLASS_CPU_LEVEL is '" + std::string(name) +
                     "'; expected one of those that this build has: " + names_of(levels));
  }
  if (!named->runs) {
    throw DeviceError("HOURGLASS_CPU_LEVEL is '" + std::string(name) +
                      "', but this processor runs no more than " + best->name);
  }
  return *named;
}

#if HOURGLASS_HAS_CPU

#define DECLARE_TARGET(space, name, runs) \
  namespace space {                       \
  extern const Target kTarget;            \
  }
HOURGLASS_CPU_LEVELS(DECLARE_TARGET)
#undef DECLARE_TARGET

const CpuLevel& cpu_level() {
#define LEVEL_OF(space, name, runs) CpuLevel{name, &space::kTarget, static_cast<bool>(runs)},
  static const CpuLevel levels[] = {HOURGLASS_CPU_LEVELS(LEVEL_OF)};
#undef LEVEL_OF
  static const CpuLevel& picked = pick_level(levels, std::getenv("HOURGLASS_CPU_LEVEL"));
  return picked;
}

#endif

}  // namespace hourglass
