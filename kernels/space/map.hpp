// What the kernels of a t-SNE iteration share in three dimensions: as kernels/tsne/map.hpp in two.
#pragma once

#include <cstdint>

#include "kernels/simt/host_device.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Aligned so that a GPU, or a CPU's vector unit, moves it in one piece. The fourth is 0.
struct alignas(16) SpacePoint {
  float x;
  float y;
  float z;
  float unused;
};

template <>
inline constexpr int kDimensions<SpacePoint> = 3;

using SpaceBox = BoxOf<3>;

/// The nodes that points are spread over, as many in each direction: one corner of a box twice as
/// wide, high and deep. Rows along y run fastest, then z, then x.
struct SpaceGrid {
  std::uint32_t nodes;
  std::uint32_t pitch;     ///< between neighbours in z
  std::uint32_t levels;    ///< level l halves the spacing l times, for small maps
  float coarsest_spacing;  ///< level 0

  /// Between neighbours in x.
  [[nodiscard]] HOURGLASS_HOST_DEVICE std::uint32_t plane_pitch() const { return nodes * pitch; }
  [[nodiscard]] HOURGLASS_HOST_DEVICE std::size_t node_values() const {
    return std::size_t{nodes} * plane_pitch();
  }
};

/// Where the grid lies in this iteration, for kernels of planes too: of these the spacing, the
/// level and the overflow are one for all directions.
struct SpaceGeometry : Geometry {
  float origin_z = 0.f;
  float mean_z = 0.f;
  float extent_z = 0.f;
};

using SpacePoints = InTurns<SpacePoint>;

}  // namespace hourglass::HOURGLASS_TARGET::kernels
