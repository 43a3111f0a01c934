// Spreads a unit charge for each point over the 4 x 4 x 4 nodes around it, by cubic B-splines, in
// fixed point: as kernels/tsne/spread.hpp, whose scale and copies these are.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/space/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// charges (copies, nodes, nodes, pitch) += the points'. First joins `boxes`, lays the grid over
/// the map, counts the iteration, and writes all this to *geometry. A map that is too large for
/// level 0 is left alone: overflow is set, no iteration counted.
template <class Charge>
void spread_charges(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                    const SpaceGrid& grid, std::span<const SpaceBox> boxes, SpaceGeometry* geometry,
                    std::span<Charge> charges);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
