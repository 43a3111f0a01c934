// What is left of a device's memory.
#pragma once

#include <cstdint>
#include <optional>

#include "device/target.hpp"

namespace hourglass::HOURGLASS_TARGET::device {

/// Bytes that could be allocated on the current device, where that can be known. Others may have
/// them first.
[[nodiscard]] std::optional<std::uint64_t> free_memory();

}  // namespace hourglass::HOURGLASS_TARGET::device
