// Exact repulsion in three dimensions, by summing over all pairs: as kernels/tsne/repulsion.hpp.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/space/map.hpp"
#include "kernels/tsne/repulsion.hpp"  // IWYU pragma: export

namespace hourglass::HOURGLASS_TARGET::kernels {

/// forces (repulsion_parts(N), N), unless null: to be added up; normalizers: partial sums of Z,
/// repulsion_partial_count(N) of them. Of the points before the iteration of *geometry, or, if that
/// is null, of points.at[0].
void exact_repulsion(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                     const SpaceGeometry* geometry, SpacePoint* forces,
                     std::span<double> normalizers, Tail tail = {});

/// For a map without a grid: joins the boxes and counts the iteration.
void begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const SpaceBox> boxes,
                     SpaceGeometry* geometry);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
