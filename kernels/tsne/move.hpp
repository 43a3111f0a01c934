// One step of the map: attraction along the sparse affinities, repulsion, gains, momentum.
//
//   gradient_i = 4 (a sum over j of p_ij (y_i - y_j) / (1 + d_ij^2) - force_i / Z)
//
// with a the exaggeration, early or late. Gains: R. A. Jacobs, Neural Networks 1, 1988.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/tsne_schedule.hpp>
#include <span>

#include "kernels/affinities/packed.hpp"
#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"
#include "kernels/tsne/own_force.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Where the repulsion comes from: a potential on a grid, whose gradient is gathered, and forces.
struct Repulsion {
  const float* potential = nullptr;  ///< (nodes_x, pitch), from spread charges; or none
  GridShape grid{};
  OwnForce own{};                 ///< on the coarsest level; finer ones have next to none
  const Point* forces = nullptr;  ///< (force_parts, N): of pairs, to be added up
  std::uint32_t force_parts = 0;
  const double* normalizers = nullptr;  ///< partial sums of Z ...
  std::uint32_t normalizer_count = 0;
  double normalizer_offset = 0.0;  ///< ... and what to add to their total
};

/// Iterations for which the pull of the weak affinities is kept.
inline constexpr std::uint64_t kWeakEvery = 4;

/// What a point remembers between steps.
struct Motion {
  Point* velocity;
  Point* gain;
  Point* weak_pull;      ///< as of the last iteration 1, 5, 9, ...
  bool on_line = false;  ///< y stays as it is: 0, in a map of one dimension
};

/// Boxes that move_points writes.
[[nodiscard]] std::size_t move_box_count(std::size_t points);

/// points.after(iteration) = points.before(iteration) - their mean + a step, no longer than
/// schedule.max_step in either direction; boxes: of what is after. Does nothing where
/// geometry->overflow.
void move_points(simt::StreamHandle stream, const Points& points, std::size_t count,
                 const PackedAffinities& affinities, const Repulsion& repulsion,
                 const TsneSchedule& schedule, const Geometry* geometry, const Motion& motion,
                 std::span<Box> boxes);

/// Boxes of points as they are, after so many iterations; as many as move_points writes.
void measure_points(simt::StreamHandle stream, std::span<const Point> points,
                    std::uint64_t iterations, std::span<Box> boxes);

/// sums: partial sums, as many as boxes, of p_ij (log p_ij + a log(1 + d_ij^2)) over all entries,
/// a the tail's power.
void divergence_terms(simt::StreamHandle stream, std::span<const Point> points,
                      const Affinities& affinities, std::span<double> sums, Tail tail = {});

}  // namespace hourglass::HOURGLASS_TARGET::kernels
