// What a block of the fused engine can be at.
#pragma once

#include <cstdint>

#include "kernels/simt/host_device.hpp"

namespace hourglass {

enum class Phase : std::uint32_t {
  setup,
  derive,
  load,
  first_forward,
  pooled_forward,
  plain_forward,
  upsampled_forward,
  last_forward,
  last_backward,
  upsampled_backward,
  plain_backward,
  pooled_parameters,
  pooled_data,
  first_parameters,
  wait,
  sum,
  update,
};
inline constexpr int kPhaseCount = static_cast<int>(Phase::update) + 1;

[[nodiscard]] constexpr const char* name_of(Phase phase) {
  constexpr const char* kNames[kPhaseCount] = {"setup",
                                               "derived weights",
                                               "load",
                                               "first forward",
                                               "pooled forward",
                                               "plain forward",
                                               "upsampled forward",
                                               "last forward and loss",
                                               "last backward",
                                               "upsampled backward",
                                               "plain backward",
                                               "pooled parameter gradient",
                                               "pooled data gradient",
                                               "first parameter gradient",
                                               "waiting for blocks",
                                               "gradient sum",
                                               "update"};
  return kNames[static_cast<int>(phase)];
}

/// Step and phase in one word, so that they are stored together.
HOURGLASS_HOST_DEVICE constexpr std::uint32_t place_word(std::uint32_t step, Phase phase) {
  return step << 5U | static_cast<std::uint32_t>(phase);
}
[[nodiscard]] constexpr std::uint32_t step_of(std::uint32_t place) {
  return place >> 5U;
}
[[nodiscard]] constexpr Phase phase_of(std::uint32_t place) {
  return static_cast<Phase>(place & 31U);
}

}  // namespace hourglass
