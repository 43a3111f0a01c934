// Points on their way into a finished map, which stays as it is.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/placement_schedule.hpp>

namespace hourglass {

struct Placement {
  const Array<float>* map = nullptr;  ///< (N, D), of the frozen points; with D = 1 y is 0
  Array<float> squared_distances{};   ///< (points, k), increasing, to the neighbours ...
  Array<float> near_x{};              ///< ... and (points, k) each where these lie
  Array<float> near_y{};
  Array<float> start{};  ///< (points, 2)
  double perplexity = 5.0;
  PlacementSchedule schedule{};
};

}  // namespace hourglass
