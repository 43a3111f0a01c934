#include "manifold/line_tables.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <numbers>
#include <string>
#include <vector>

namespace hourglass::HOURGLASS_TARGET {

fft::Line LineTables::load(const device::Stream& stream, std::uint32_t wanted) {
  const auto* found = std::ranges::find_if(
      fft::kLines, [&](const fft::Radices& r) { return r.length() == wanted; });
  if (found == fft::kLines.end()) {
    throw Error("no grid has a side of " + std::to_string(wanted) + " nodes");
  }
  if (length != wanted) {
    std::vector<Complex> all_turns(wanted);
    std::vector<std::uint32_t> places(wanted);
    for (std::uint32_t i = 0; i < wanted; ++i) {
      const double angle = -2.0 * std::numbers::pi * i / wanted;
      all_turns[i] = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
      places[i] = fft::place_of(*found, i);
    }
    turns = device::to_device<Complex>(stream, all_turns);
    place = device::to_device<std::uint32_t>(stream, places);
    length = wanted;
  }
  return {.length = wanted, .radices = *found, .turns = turns.data(), .place = place.data()};
}

}  // namespace hourglass::HOURGLASS_TARGET
