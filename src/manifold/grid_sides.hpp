// Which grid holds a map.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/fft/line.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// The shortest line whose grid holds an extent, or 0.
[[nodiscard]] inline std::uint32_t side_for(float extent, double spacing) {
  const auto* line = std::ranges::find_if(fft::kLines, [&](const fft::Radices& r) {
    const auto cells = static_cast<float>(kernels::usable_cells(r.length() / 2));
    return extent <= static_cast<float>(spacing) * cells;  // as spread_charges asks
  });
  return line == fft::kLines.end() ? 0 : line->length();
}

}  // namespace hourglass::HOURGLASS_TARGET
