// What a block of the fused engine for dense layers can be at.
#pragma once

#include <cstdint>

namespace hourglass {

enum class DensePhase : std::uint32_t {
  setup,
  shuffle,
  load,
  forward,
  loss,
  backward,
  update,
  validation,
  finish,
};
inline constexpr int kDensePhaseCount = static_cast<int>(DensePhase::finish) + 1;

[[nodiscard]] constexpr const char* name_of(DensePhase phase) {
  constexpr const char* kNames[kDensePhaseCount] = {
      "setup",    "shuffle", "load",       "forward", "last layer and loss",
      "backward", "update",  "validation", "finish"};
  return kNames[static_cast<int>(phase)];
}

}  // namespace hourglass
