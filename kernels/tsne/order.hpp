// Points in the order of a curve that fills the map, so that those near each other lie near each
// other in memory: a point's neighbours, and its nodes of the grid, are then mostly in a cache. The
// curve is Hilbert's (Mathematische Annalen 38, 1891), of 2^16 cells a side.
//
// A point's *row* is the one it was given in, its *place* that in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// keys[i] = how far along the curve point i is << 32 | i. `boxes` are the points'.
void curve_keys(simt::StreamHandle stream, std::span<const Point> points,
                std::span<const Box> boxes, std::uint64_t* keys);

/// From sorted keys: moves[place], the place that a point leaves for this one; rows[place], its
/// row; and places[row]. rows_before: of the places that are left; null where they are the rows.
void index_order(simt::StreamHandle stream, std::span<const std::uint64_t> keys,
                 const std::uint32_t* rows_before, std::uint32_t* moves, std::uint32_t* rows,
                 std::uint32_t* places);

/// to[i] = from[indices[i]].
void gather_points(simt::StreamHandle stream, std::span<const std::uint32_t> indices,
                   const Point* from, Point* to);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
