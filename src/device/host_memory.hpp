// How much of the host's memory this process may still have.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace hourglass {

/// Bytes that the machine and the control groups leave, what they can drop counted as free; nothing
/// where neither says. `root`: where /proc and /sys lie.
[[nodiscard]] std::optional<std::uint64_t> free_host_memory(
    const std::filesystem::path& root = "/");

}  // namespace hourglass
