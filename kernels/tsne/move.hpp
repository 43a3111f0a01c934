// One step of the map: attraction along the sparse affinities, repulsion, gains, momentum.
//
//   gradient_i = 4 (a sum over j of p_ij (y_i - y_j) / (1 + d_ij^2) - force_i / Z)
//
// with a the early exaggeration. Gains: R. A. Jacobs, Neural Networks 1, 1988.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/tsne_schedule.hpp>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// The affinities, rows compressed: entries offsets[i] .. offsets[i + 1] are p_ij, j = columns[e].
struct Affinities {
  const std::uint32_t* offsets;
  const std::uint32_t* columns;
  const float* values;
};

/// Where the repulsion comes from: potentials on a grid, whose gradient is gathered, or forces.
struct Repulsion {
  const float* potential = nullptr;  ///< (nodes, side), from spread charges
  std::uint32_t side = 0;
  const Point* forces = nullptr;        ///< exact ones
  const double* normalizers = nullptr;  ///< partial sums of Z ...
  std::uint32_t normalizer_count = 0;
  double normalizer_offset = 0.0;  ///< ... and what to add to their total
};

/// What a point remembers between steps.
struct Motion {
  Point* velocity;
  Point* gain;
};

/// Boxes that move_points writes.
[[nodiscard]] std::size_t move_box_count(std::size_t points);

/// moved = points - their mean + a step, no longer than 5 in either direction; boxes: of moved.
void move_points(simt::StreamHandle stream, std::span<const Point> points,
                 const Affinities& affinities, const Repulsion& repulsion,
                 const TsneSchedule& schedule, const Geometry* geometry, Motion motion,
                 Point* moved, std::span<Box> boxes);

/// Boxes of points as they are, for the first iteration; as many as move_points writes.
void measure_points(simt::StreamHandle stream, std::span<const Point> points, std::span<Box> boxes);

/// sums: partial sums, as many as boxes, of p_ij (log p_ij + log(1 + d_ij^2)) over all entries.
void divergence_terms(simt::StreamHandle stream, std::span<const Point> points,
                      const Affinities& affinities, std::span<double> sums);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
