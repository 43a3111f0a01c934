// The repulsion of near pairs, summed one by one, where a softened grid leaves it out
// (softened.hpp): in thin maps that is less work than a grid fine enough for them.
//
// Points are sorted by square cells as wide as the near radius, so a point meets those of 3 x 3.
// For a CPU: whoever sorts goes through its share of the points alone. On a GPU, where the grid
// costs less than sorting, nothing asks for this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Points by cell, those of a cell in the order of their numbers. Cells lie row by row, x fastest,
/// with empty ones all around.
struct NearCells {
  std::uint32_t columns;
  std::uint32_t rows;
  std::uint32_t parts;    ///< of the points, each counted and placed by a thread of its own
  std::uint32_t* cells;   ///< (N): each point's
  std::uint32_t* counts;  ///< (parts, columns * rows): of a cell's points, later where they go
  std::uint32_t* starts;  ///< (columns * rows + 1): offsets of cells in what follows
  float* x;               ///< (N + kNearSpare), sorted; the spare ones are numbers, no more
  float* y;
  std::uint32_t* points;  ///< (N): which one it is
};

/// Read beyond the last point.
inline constexpr std::size_t kNearSpare = 16;

/// Cells along so many nodes.
[[nodiscard]] std::uint32_t near_cells(std::uint32_t nodes, float spacing);
/// `parts` of the launch of the moment.
[[nodiscard]] std::uint32_t near_parts();

/// forces (N): minus half the gradient of what the softened interaction lacks, summed over the
/// pairs of each point. sums (rows - 2): partial sums of what it lacks itself, over all pairs and
/// each point with itself. Does nothing where geometry->overflow.
void near_field(simt::StreamHandle stream, const Points& points, std::size_t count,
                const Geometry* geometry, const NearCells& cells, Point* forces,
                std::span<double> sums);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
