// The potential of a map that stays as it is.
#pragma once

#include <hourglass/array.hpp>
#include <optional>

#include "device/buffer.hpp"
#include "kernels/tsne/place.hpp"
#include "manifold/repulsion_grid.hpp"

namespace hourglass::HOURGLASS_TARGET {

class FrozenField {
 public:
  /// Of a map (N, 2), or (N, 1) with y = 0, a host array. On a grid, unless sums over all of it are
  /// as quick, or no grid holds it.
  FrozenField(const device::Stream& stream, const Array<float>& map);

  [[nodiscard]] kernels::FrozenMap view() const;

 private:
  bool line_;
  device::Buffer<kernels::Point> points_;
  std::optional<RepulsionGrid> grid_;
  device::Buffer<kernels::Geometry> geometry_;
};

}  // namespace hourglass::HOURGLASS_TARGET
