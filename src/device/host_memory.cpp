#include "device/host_memory.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include "device/control_groups.hpp"

namespace hourglass {
namespace {

namespace fs = std::filesystem;

/// The number behind a word at the beginning of a line.
std::optional<std::uint64_t> entry_of(const fs::path& file, const std::string& wanted) {
  std::ifstream lines(file);
  std::string word;
  for (std::uint64_t number = 0; lines >> word;) {
    if (word == wanted && lines >> number) return number;
    std::getline(lines, word);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::uint64_t number = 0;
  if (std::ifstream(file) >> number) return number;  // "max" is none
  return std::nullopt;
}

/// What a group leaves, or nothing where it has no limit.
std::optional<std::uint64_t> free_in(const ControlGroup& group) {
  const bool first = group.version == 1;
  const auto most = number_in(group.folder / (first ? "memory.limit_in_bytes" : "memory.max"));
  const auto used = number_in(group.folder / (first ? "memory.usage_in_bytes" : "memory.current"));
  if (!most || !used) return std::nullopt;
  // Pages of files that nobody has looked at lately are the first to go.
  const auto cached =
      entry_of(group.folder / "memory.stat", first ? "total_inactive_file" : "inactive_file");
  const std::uint64_t kept = *used - std::min(*used, cached.value_or(0));
  return *most - std::min(*most, kept);
}

}  // namespace

std::optional<std::uint64_t> free_host_memory(const fs::path& root) {
  std::optional<std::uint64_t> least;
  const auto bound = [&](std::optional<std::uint64_t> bytes) {
    if (bytes) least = std::min(*bytes, least.value_or(*bytes));
  };
  if (const auto kilobytes = entry_of(root / "proc/meminfo", "MemAvailable:")) {
    bound(*kilobytes * 1024);
  }
  for (const ControlGroup& group : control_groups("memory", root)) bound(free_in(group));
  return least;
}

}  // namespace hourglass
