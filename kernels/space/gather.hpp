// Forces from a potential on a grid: minus half its gradient, by the splines it was spread with.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/space/map.hpp"
#include "kernels/space/own_force.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Partial sums that gather_forces writes.
[[nodiscard]] std::size_t gathered_sum_count(std::size_t points);

/// forces (N), of the points before the iteration of *geometry, less what a point's own charge adds
/// on the coarsest level (finer ones have next to none); sums: partial ones of the points'
/// potentials. Does nothing where geometry->overflow.
void gather_forces(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                   const SpaceGrid& grid, const SpaceGeometry* geometry, const float* potential,
                   const SpaceOwnForce& own, SpacePoint* forces, std::span<double> sums);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
