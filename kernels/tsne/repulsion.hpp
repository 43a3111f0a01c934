// Exact repulsion, by summing over all pairs: what small maps use, and what the grid is judged by.
//
//   force_i = a sum over j of (y_i - y_j) / (1 + d_ij^2)^(a + 1)
//   Z = sum over i and j != i of 1 / (1 + d_ij^2)^a
//
// with a the tail's power, 1 unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Parts that exact forces come in, and partial sums of Z.
[[nodiscard]] std::size_t repulsion_parts(std::size_t points);
[[nodiscard]] std::size_t repulsion_partial_count(std::size_t points);

/// forces (parts, N), unless null: to be added up; normalizers: partial sums of Z. Of the points
/// before the iteration of *geometry, or, if that is null, of points.at[0].
void exact_repulsion(simt::StreamHandle stream, const Points& points, std::size_t count,
                     const Geometry* geometry, Point* forces, std::span<double> normalizers,
                     Tail tail = {});

/// For a map without a grid: joins the boxes and counts the iteration, as spread_charges does.
void begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const Box> boxes,
                     Geometry* geometry);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
