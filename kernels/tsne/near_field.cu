#include <algorithm>
#include <cmath>

#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/near_field.hpp"
#include "kernels/tsne/softened.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

using lanes::fast_divide;
using lanes::greater;
using lanes::max;
using lanes::select;
using lanes::sum;

#ifdef __CUDACC__
using L = lanes::Lanes<1>;
#else
using L = lanes::Lanes<lanes::kWidestLanes>;
#endif
using V = L::Value;
static_assert(kNearSpare >= L::kCount);

// ---------------------------------------------------------------------------- device functions

/// Along one axis, from the grid's first node; the outermost cells stay empty.
__device__ __forceinline__ std::uint32_t cell_along(float from_first, std::uint32_t cells) {
  const float cell = from_first * (1.f / kNearRadius);
  const auto last = static_cast<float>(cells - 3);
  return 1 + static_cast<std::uint32_t>(cell > 0.f ? (cell < last ? cell : last) : 0.f);
}

/// A part's first point.
__device__ __forceinline__ std::uint32_t part_begin(std::uint32_t part, std::uint32_t parts,
                                                    std::uint32_t count) {
  return static_cast<std::uint32_t>(std::uint64_t{count} * part / parts);
}

/// Of values that begin anywhere.
__device__ __forceinline__ V load(const float* values) {
#ifdef __CUDACC__
  return *values;
#else
  V result;
  __builtin_memcpy(&result, values, sizeof(V));
  return result;
#endif
}

__device__ __forceinline__ V lane_numbers() {
  V numbers;
  for (int lane = 0; lane < L::kCount; ++lane) {
    lanes::lane_of(numbers, lane) = static_cast<float>(lane);
  }
  return numbers;
}

struct Nearness {
  V force_x = 0.f;
  V force_y = 0.f;
  V energy = 0.f;

  /// By sorted points first .. last on a point at (x, y).
  __device__ __forceinline__ void add(const NearCells& cells, std::uint32_t first,
                                      std::uint32_t last, V x, V y, V numbers) {
    constexpr float kFar = 1e6f;
    for (std::uint32_t j = first; j < last; j += L::kCount) {
      const V dx = x - load(cells.x + j);
      const V dy = y - load(cells.y + j);
      V squared = dx * dx + dy * dy;
      if (last - j < L::kCount) {
        squared = select(greater(V(static_cast<float>(last - j)), numbers), squared, V(kFar));
      }
      const V within = max(within_near_radius(squared), V(0.f));
      const V inverse = fast_divide(V(1.f), V(1.f) + squared);
      const V cubed = within * within * within;
      const V lacking = within * inverse;
      const V weight = cubed * inverse * (lacking + V(4.f * kAtNearRadius));
      force_x += weight * dx;
      force_y += weight * dy;
      energy += cubed * lacking;
    }
  }
};

// ------------------------------------------------------------------------------------- kernels

__global__ void count_cells_kernel(Points points, std::uint32_t count,
                                   const Geometry* __restrict__ geometry, NearCells cells) {
  if (geometry->overflow != 0) return;
  const Point* from = points.before(geometry->iteration);
  const std::uint32_t all = cells.columns * cells.rows;
  std::uint32_t* counts = cells.counts + std::size_t{blockIdx.x} * all;
  for (std::uint32_t cell = 0; cell < all; ++cell) counts[cell] = 0;
  const std::uint32_t last = part_begin(blockIdx.x + 1, cells.parts, count);
  for (std::uint32_t i = part_begin(blockIdx.x, cells.parts, count); i < last; ++i) {
    const std::uint32_t cell =
        cell_along(from[i].y - geometry->origin_y, cells.rows) * cells.columns +
        cell_along(from[i].x - geometry->origin_x, cells.columns);
    cells.cells[i] = cell;
    ++counts[cell];
  }
}

__global__ void place_cells_kernel(const Geometry* __restrict__ geometry, NearCells cells) {
  if (geometry->overflow != 0) return;
  const std::uint32_t all = cells.columns * cells.rows;
  std::uint32_t next = 0;
  for (std::uint32_t cell = 0; cell < all; ++cell) {
    cells.starts[cell] = next;
    for (std::uint32_t part = 0; part < cells.parts; ++part) {
      std::uint32_t& place = cells.counts[std::size_t{part} * all + cell];
      const std::uint32_t here = place;
      place = next;
      next += here;
    }
  }
  cells.starts[all] = next;
}

__global__ void sort_points_kernel(Points points, std::uint32_t count,
                                   const Geometry* __restrict__ geometry, NearCells cells) {
  if (geometry->overflow != 0) return;
  const Point* from = points.before(geometry->iteration);
  std::uint32_t* places = cells.counts + std::size_t{blockIdx.x} * cells.columns * cells.rows;
  const std::uint32_t last = part_begin(blockIdx.x + 1, cells.parts, count);
  for (std::uint32_t i = part_begin(blockIdx.x, cells.parts, count); i < last; ++i) {
    const std::uint32_t place = places[cells.cells[i]]++;
    cells.x[place] = from[i].x;
    cells.y[place] = from[i].y;
    cells.points[place] = i;
  }
}

// A block a row of cells.
__global__ void near_field_kernel(const Geometry* __restrict__ geometry, NearCells cells,
                                  Point* __restrict__ forces, double* __restrict__ sums) {
  if (geometry->overflow != 0) return;
  const std::uint32_t row = (blockIdx.x + 1) * cells.columns;
  const V numbers = lane_numbers();
  double total = 0.0;
  for (std::uint32_t cell = row + 1; cell + 1 < row + cells.columns; ++cell) {
    for (std::uint32_t i = cells.starts[cell]; i < cells.starts[cell + 1]; ++i) {
      Nearness nearness;
      for (const std::uint32_t middle : {cell - cells.columns, cell, cell + cells.columns}) {
        nearness.add(cells, cells.starts[middle - 1], cells.starts[middle + 2], cells.x[i],
                     cells.y[i], numbers);
      }
      forces[cells.points[i]] = {sum(nearness.force_x), sum(nearness.force_y)};
      total += static_cast<double>(sum(nearness.energy));
    }
  }
  sums[blockIdx.x] = total;
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::uint32_t near_cells(std::uint32_t nodes, float spacing) {
  return static_cast<std::uint32_t>(static_cast<float>(nodes) * spacing / kNearRadius) + 3;
}

std::uint32_t near_parts() {
  constexpr std::size_t kMost = 8;  // each has a count of every cell
  return simt::narrow(
      std::clamp<std::size_t>(simt::resident_blocks(count_cells_kernel, 1, 0), 1, kMost));
}

void near_field(simt::StreamHandle stream, const Points& points, std::size_t count,
                const Geometry* geometry, const NearCells& cells, Point* forces,
                std::span<double> sums) {
  const auto blocks = [](std::size_t n) {
    return simt::LaunchConfig{.grid = {static_cast<unsigned>(n)}};
  };
  const std::uint32_t n = simt::narrow(count);
  simt::launch(stream, blocks(cells.parts), count_cells_kernel, points, n, geometry, cells);
  simt::launch(stream, blocks(1), place_cells_kernel, geometry, cells);
  simt::launch(stream, blocks(cells.parts), sort_points_kernel, points, n, geometry, cells);
  simt::launch(stream, blocks(sums.size()), near_field_kernel, geometry, cells, forces,
               sums.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
