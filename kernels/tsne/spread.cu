#include <algorithm>
#include <cmath>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/fixed_point.cuh"
#include "kernels/tsne/spline.cuh"
#include "kernels/tsne/spread.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---------------------------------------------------------------------------- device functions

struct Smem {
  Box boxes[kBoxBlock];
  Geometry geometry;
};
static_assert(sizeof(Smem) <= 11 * 1024);

/// Lays the grid over a box: the finest level whose grid holds it, its middle in the middle.
__device__ void lay_grid(const Box& box, const GridShape& grid, Geometry& geometry) {
  const auto cells_x = static_cast<float>(usable_cells(grid.nodes_x));
  const auto cells_y = static_cast<float>(usable_cells(grid.nodes_y));
  const auto holds = [&](float spacing) {  // not a NaN
    return geometry.extent_x <= spacing * cells_x && geometry.extent_y <= spacing * cells_y;
  };
  float spacing = grid.coarsest_spacing;
  std::uint32_t level = 0;
  while (level + 1 < grid.levels && holds(0.5f * spacing)) {
    spacing *= 0.5f;
    ++level;
  }
  if (!holds(spacing)) geometry.overflow = 1;
  geometry.level = level;
  geometry.spacing = spacing;
  const auto middle = [&](float low, float high, std::uint32_t nodes) {
    return 0.5f * (low + high) - 0.5f * static_cast<float>(nodes - 1) * spacing;
  };
  geometry.origin_x = middle(box.low[0], box.high[0], grid.nodes_x);
  geometry.origin_y = middle(box.low[1], box.high[1], grid.nodes_y);
}

// ------------------------------------------------------------------------------------- kernels

// Every block joins all boxes for itself: cheaper than a kernel of its own, or a barrier. Blocks
// have a plane of charges each, or one together.
template <bool apart, class Charge>
__global__ void spread_charges_kernel(Points points, std::uint32_t count, GridShape grid,
                                      const Box* __restrict__ boxes, std::uint32_t box_count,
                                      Geometry* __restrict__ geometry, Charge* __restrict__ charges,
                                      float scale) {
  Smem& smem = simt::shared<Smem>();
  Geometry next = next_geometry(boxes, box_count, count, smem.boxes);
  if (threadIdx.x == 0) {
    lay_grid(smem.boxes[0], grid, next);
    smem.geometry = next;
    if (blockIdx.x == 0) *geometry = next;
  }
  simt::sync_block();  // the geometry is there
  const Geometry& place = smem.geometry;
  if (place.overflow != 0) return;
  const Point* from = points.before(place.iteration);
  const float inverse_spacing = 1.f / place.spacing;
  if (apart) charges += std::size_t{blockIdx.x} * grid.nodes_x * grid.pitch;
  for (const auto i : simt::elements(count)) {
    const SplinePlace px(from[i].x, place.origin_x, inverse_spacing, grid.nodes_x);
    const SplinePlace py(from[i].y, place.origin_y, inverse_spacing, grid.nodes_y);
    const auto wx = SplineWeights::values(px.t);
    const auto wy = SplineWeights::values(py.t);
    Charge* column = charges + std::size_t(px.first) * grid.pitch + py.first;
    for (std::uint32_t a = 0; a < 4; ++a, column += grid.pitch) {
      const float weight = wx.at[a] * scale;
      for (std::uint32_t b = 0; b < 4; ++b) {
        const auto charge = static_cast<Charge>(in_fixed_point<Charge>(weight * wy.at[b] + 0.5f));
        if constexpr (apart) {
          column[b] += charge;
        } else {
          simt::atomic_add(column + b, charge);
        }
      }
    }
  }
}

simt::LaunchConfig shape(std::size_t points) {
  auto config = simt::per_element(points, kBoxBlock, sizeof(Smem));
  config.grid.x = std::min(config.grid.x, kMaxSummingBlocks);
  return config;
}

/// Threads that add to planes of their own: a CPU's. None where a block has many.
std::size_t threads_apart() {
  constexpr std::size_t kMost = 8;  // each plane must be read again
  if (simt::per_block(1, kBoxBlock).block.count() > 1) return 0;
  return std::min(simt::resident_blocks(spread_charges_kernel<true, std::uint32_t>, 1, 0), kMost);
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

float charge_scale(std::size_t points) {
  // No node has more than 4 / 9 of a charge.
  if (points > kMostPointsIn32Bits) return 0x1p32f;
  return std::exp2(std::floor(std::log2(0x1.fp31f / static_cast<float>(points))));
}

std::uint32_t charge_copies() {
  return std::max(simt::narrow(threads_apart()), 1U);
}

template <class Charge>
void spread_charges(simt::StreamHandle stream, const Points& points, std::size_t count,
                    const GridShape& grid, std::span<const Box> boxes, Geometry* geometry,
                    std::span<Charge> charges) {
  const bool apart = threads_apart() > 0;
  auto config = shape(count);
  if (apart) {
    config.grid.x = simt::narrow(charges.size() / (std::size_t{grid.nodes_x} * grid.pitch));
  }
  simt::launch(stream, config,
               apart ? spread_charges_kernel<true, Charge> : spread_charges_kernel<false, Charge>,
               points, simt::narrow(count), grid, boxes.data(), simt::narrow(boxes.size()),
               geometry, charges.data(), charge_scale(count));
}

template void spread_charges(simt::StreamHandle, const Points&, std::size_t, const GridShape&,
                             std::span<const Box>, Geometry*, std::span<std::uint32_t>);
template void spread_charges(simt::StreamHandle, const Points&, std::size_t, const GridShape&,
                             std::span<const Box>, Geometry*, std::span<std::uint64_t>);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
