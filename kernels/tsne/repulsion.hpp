// Exact repulsion, by summing over all pairs: what small maps use, and what the grid is judged by.
//
//   force_i = sum over j of (y_i - y_j) / (1 + d_ij^2)^2
//   Z = sum over i and j != i of 1 / (1 + d_ij^2)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Partial sums that exact_repulsion writes.
[[nodiscard]] std::size_t repulsion_partial_count(std::size_t points);

/// forces (N), unless null; normalizers: partial sums of Z.
void exact_repulsion(simt::StreamHandle stream, std::span<const Point> points, Point* forces,
                     std::span<double> normalizers);

/// For a map without a grid: joins the boxes and counts the iteration, as spread_charges does.
void begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const Box> boxes,
                     Geometry* geometry);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
