// Spreads a unit charge for each point over the 4 x 4 nodes around it, by cubic B-splines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

// Charges are summed in fixed point: integer sums do not depend on the order in which points
// arrive, so neither does any bit of the map. 32 bits are enough for maps up to this size; beyond,
// 64 are.
inline constexpr std::size_t kMostPointsIn32Bits = std::size_t{1} << 17U;

/// A unit charge's number: the largest power of two with which all charges in one node fit.
[[nodiscard]] float charge_scale(std::size_t points);

/// Planes of charges that spread_charges fills, one after another: on a CPU one for each of the
/// threads that add to them without minding the others, as the launch of the moment wants it.
[[nodiscard]] std::uint32_t charge_copies();

/// charges (copies, nodes_x, pitch) += the points'. First joins `boxes`, lays the grid over the
/// map, counts the iteration, and writes all this to *geometry. A map that is too large for level 0
/// is left alone: overflow is set, no iteration counted.
template <class Charge>
void spread_charges(simt::StreamHandle stream, const Points& points, std::size_t count,
                    const GridShape& grid, std::span<const Box> boxes, Geometry* geometry,
                    std::span<Charge> charges);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
