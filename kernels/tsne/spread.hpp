// Spreads a unit charge for each point over the 4 x 4 nodes around it, by cubic B-splines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Charges are summed in fixed point, 2^-32 each, in 64 bits: integer sums do not depend on the
/// order in which points arrive, so neither does any bit of the map.
using FixedCharge = std::uint64_t;

/// charges (nodes, nodes) += the points'. First joins `boxes`, lays the grid over the map, counts
/// the iteration, and writes all this to *geometry. A map that is too large for level 0 sets
/// overflow; its stray points are kept within the grid's memory.
void spread_charges(simt::StreamHandle stream, std::span<const Point> points, GridShape grid,
                    std::span<const Box> boxes, Geometry* geometry, FixedCharge* charges);

/// plane (nodes, side): the charges as floats in the first `nodes` of each row; charges are
/// cleared.
void unload_charges(simt::StreamHandle stream, std::uint32_t side, FixedCharge* charges,
                    float* plane);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
