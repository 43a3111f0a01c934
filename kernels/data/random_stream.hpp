// Every use of a seed in one list, so that no two of them draw the same numbers.
#pragma once

#include <cstdint>

#include "kernels/simt/host_device.hpp"

namespace hourglass {

/// The counter's high half of Philox names a stream: the use in its upper byte, and below it
/// whatever that use counts by.
enum class RandomStream : std::uint8_t {
  initial_weights = 0x00,      ///< by tensor
  shuffle = 0x5f,              ///< by epoch
  digits = 0x64,               ///< of the built-in generator, by split and draw
  map_pairs = 0x70,            ///< one
  initial_map = 0x7e,          ///< one
  training_corruption = 0xc0,  ///< by step
  held_out_corruption = 0xc1,  ///< one
};

[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint64_t stream_number(
    RandomStream use, std::uint64_t number = 0) {
  return (std::uint64_t{static_cast<std::uint8_t>(use)} << 56U) | number;
}

}  // namespace hourglass
