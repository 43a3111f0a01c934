// Counts in the 32-bit numbers that GPUs are quick with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/error.hpp>
#include <limits>
#include <string>

namespace hourglass::HOURGLASS_TARGET::simt {

/// For launchers, which are told counts as std::size_t. Throws Error where it does not fit.
[[nodiscard]] inline std::uint32_t narrow(std::size_t count) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (count > kMost) {
    throw Error("a kernel is asked to count to " + std::to_string(count) + "; it can to " +
                std::to_string(kMost));
  }
  return static_cast<std::uint32_t>(count);
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
