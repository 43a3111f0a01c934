#include <algorithm>
#include <cmath>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/spline.cuh"
#include "kernels/tsne/spread.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr float kFixedOne = 4294967296.f;  // 2^32

// ---------------------------------------------------------------------------- device functions

struct Smem {
  Box boxes[kBoxBlock];
  Geometry geometry;
};
static_assert(sizeof(Smem) <= 10 * 1024);

/// Lays the grid over a box: the finest level whose grid holds it, its middle in the middle.
__device__ void lay_grid(const Box& box, GridShape grid, Geometry& geometry) {
  const float cells = static_cast<float>(usable_cells(grid.side));
  float spacing = grid.coarsest_spacing;
  std::uint32_t level = 0;
  while (level + 1 < grid.levels && geometry.span <= 0.5f * spacing * cells) {
    spacing *= 0.5f;
    ++level;
  }
  if (!(geometry.span <= spacing * cells)) geometry.overflow = 1;  // NaN too
  geometry.level = level;
  geometry.spacing = spacing;
  const float half = 0.5f * static_cast<float>(grid.side / 2 - 1) * spacing;
  geometry.origin_x = 0.5f * (box.min_x + box.max_x) - half;
  geometry.origin_y = 0.5f * (box.min_y + box.max_y) - half;
}

// ------------------------------------------------------------------------------------- kernels

// Every block joins all boxes for itself: cheaper than a kernel of its own, or a barrier.
__global__ void spread_charges_kernel(const Point* __restrict__ points, std::uint32_t count,
                                      GridShape grid, const Box* __restrict__ boxes,
                                      std::uint32_t box_count, Geometry* __restrict__ geometry,
                                      FixedCharge* __restrict__ charges) {
  Smem& smem = simt::shared<Smem>();
  // Only block 0 counts iterations: it alone reads what it is about to write.
  const Geometry previous = blockIdx.x == 0 ? *geometry : Geometry{};
  Geometry next = next_geometry(boxes, box_count, count, previous, smem.boxes);
  if (threadIdx.x == 0) {
    lay_grid(smem.boxes[0], grid, next);
    smem.geometry = next;
    if (blockIdx.x == 0) *geometry = next;
  }
  simt::sync_block();  // the geometry is there
  const Geometry& place = smem.geometry;
  const float inverse_spacing = 1.f / place.spacing;
  const std::uint32_t nodes = grid.side / 2;
  for (const auto i : simt::elements(count)) {
    const SplinePlace px(points[i].x, place.origin_x, inverse_spacing, nodes);
    const SplinePlace py(points[i].y, place.origin_y, inverse_spacing, nodes);
    const auto wx = SplineWeights::values(px.t);
    const auto wy = SplineWeights::values(py.t);
    for (std::uint32_t a = 0; a < 4; ++a) {
      FixedCharge* row = charges + std::size_t{py.first + a} * nodes + px.first;
      for (std::uint32_t b = 0; b < 4; ++b) {
        simt::atomic_add(row + b, static_cast<FixedCharge>(wy.at[a] * wx.at[b] * kFixedOne));
      }
    }
  }
}

// One row of nodes a block.
__global__ void unload_charges_kernel(std::uint32_t nodes, FixedCharge* __restrict__ charges,
                                      float* __restrict__ plane) {
  FixedCharge* from = charges + std::size_t{blockIdx.x} * nodes;
  float* to = plane + std::size_t{blockIdx.x} * 2 * nodes;
  for (const auto i : simt::block_elements(nodes)) {
    to[i] = static_cast<float>(from[i]) * (1.f / kFixedOne);
    from[i] = 0;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void spread_charges(simt::StreamHandle stream, std::span<const Point> points, GridShape grid,
                    std::span<const Box> boxes, Geometry* geometry, FixedCharge* charges) {
  auto config = simt::per_element(points.size(), kBoxBlock, sizeof(Smem));
  config.grid.x = std::min(config.grid.x, kMaxSummingBlocks);
  simt::launch(stream, config, spread_charges_kernel, points.data(), simt::narrow(points.size()),
               grid, boxes.data(), simt::narrow(boxes.size()), geometry, charges);
}

void unload_charges(simt::StreamHandle stream, std::uint32_t side, FixedCharge* charges,
                    float* plane) {
  simt::launch(stream, simt::per_block(side / 2, kBoxBlock), unload_charges_kernel, side / 2,
               charges, plane);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
