// One step of a map in three dimensions: as kernels/tsne/move.hpp, which says what it is, in two.
// The repulsion comes as forces, whether summed over pairs or gathered from a grid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/tsne_schedule.hpp>
#include <span>

#include "kernels/affinities/packed.hpp"
#include "kernels/simt/launch_config.hpp"
#include "kernels/space/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

struct SpaceRepulsion {
  const SpacePoint* forces;  ///< (force_parts, N), to be added up
  std::uint32_t force_parts;
  const double* normalizers;  ///< partial sums of Z ...
  std::uint32_t normalizer_count;
  double normalizer_offset;  ///< ... and what to add to their total
};

/// What a point remembers between steps.
struct SpaceMotion {
  SpacePoint* velocity;
  SpacePoint* gain;
  SpacePoint* weak_pull;  ///< as of the last iteration 1, 5, 9, ...
};

/// Boxes that move_points writes.
[[nodiscard]] std::size_t space_box_count(std::size_t points);

/// points.after(iteration) = points.before(iteration) - their mean + a step; boxes: of what is
/// after. Does nothing where geometry->overflow.
void move_points(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                 const PackedAffinities& affinities, const SpaceRepulsion& repulsion,
                 const TsneSchedule& schedule, const SpaceGeometry* geometry,
                 const SpaceMotion& motion, std::span<SpaceBox> boxes);

/// Boxes of points as they are, after so many iterations; as many as move_points writes.
void measure_points(simt::StreamHandle stream, std::span<const SpacePoint> points,
                    std::uint64_t iterations, std::span<SpaceBox> boxes);

/// sums: partial sums, as many as boxes, of p_ij (log p_ij + a log(1 + d_ij^2)) over all entries,
/// a the tail's power.
void divergence_terms(simt::StreamHandle stream, std::span<const SpacePoint> points,
                      const Affinities& affinities, std::span<double> sums, Tail tail = {});

}  // namespace hourglass::HOURGLASS_TARGET::kernels
