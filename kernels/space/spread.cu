#include <algorithm>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/space/boxes.cuh"
#include "kernels/space/spread.hpp"
#include "kernels/tsne/fixed_point.cuh"
#include "kernels/tsne/spline.cuh"
#include "kernels/tsne/spread.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---------------------------------------------------------------------------- device functions

struct Smem {
  SpaceBox boxes[kBoxBlock];
  SpaceGeometry geometry;
};
static_assert(sizeof(Smem) <= 15 * 1024);

/// Lays the grid over a box: the finest level whose grid holds it, its middle in the middle.
__device__ void lay_grid(const SpaceBox& box, const SpaceGrid& grid, SpaceGeometry& geometry) {
  const auto cells = static_cast<float>(usable_cells(grid.nodes));
  const auto holds = [&](float spacing) {  // not a NaN
    return geometry.extent_x <= spacing * cells && geometry.extent_y <= spacing * cells &&
           geometry.extent_z <= spacing * cells;
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
  const auto middle = [&](int c) {
    return 0.5f * (box.low[c] + box.high[c]) - 0.5f * static_cast<float>(grid.nodes - 1) * spacing;
  };
  geometry.origin_x = middle(0);
  geometry.origin_y = middle(1);
  geometry.origin_z = middle(2);
}

// ------------------------------------------------------------------------------------- kernels

// Every block joins all boxes for itself. Blocks have a box of charges each, or one together.
template <bool apart, class Charge>
__global__ void spread_space_charges_kernel(SpacePoints points, std::uint32_t count, SpaceGrid grid,
                                            const SpaceBox* __restrict__ boxes,
                                            std::uint32_t box_count,
                                            SpaceGeometry* __restrict__ geometry,
                                            Charge* __restrict__ charges, float scale) {
  Smem& smem = simt::shared<Smem>();
  SpaceGeometry next = next_geometry(boxes, box_count, count, smem.boxes);
  if (threadIdx.x == 0) {
    lay_grid(smem.boxes[0], grid, next);
    smem.geometry = next;
    if (blockIdx.x == 0) *geometry = next;
  }
  simt::sync_block();  // the geometry is there
  const SpaceGeometry& place = smem.geometry;
  if (place.overflow != 0) return;
  const SpacePoint* from = points.before(place.iteration);
  const float inverse_spacing = 1.f / place.spacing;
  if (apart) charges += blockIdx.x * grid.node_values();
  for (const auto i : simt::elements(count)) {
    const SplinePlace px(from[i].x, place.origin_x, inverse_spacing, grid.nodes);
    const SplinePlace py(from[i].y, place.origin_y, inverse_spacing, grid.nodes);
    const SplinePlace pz(from[i].z, place.origin_z, inverse_spacing, grid.nodes);
    const auto wx = SplineWeights::values(px.t);
    const auto wy = SplineWeights::values(py.t);
    const auto wz = SplineWeights::values(pz.t);
    Charge* plane = charges + std::size_t(px.first) * grid.plane_pitch() +
                    std::size_t(pz.first) * grid.pitch + py.first;
    for (std::uint32_t a = 0; a < 4; ++a, plane += grid.plane_pitch()) {
      Charge* row = plane;
      for (std::uint32_t c = 0; c < 4; ++c, row += grid.pitch) {
        const float weight = wx.at[a] * wz.at[c] * scale;
        for (std::uint32_t b = 0; b < 4; ++b) {
          const auto charge = static_cast<Charge>(in_fixed_point<Charge>(weight * wy.at[b] + 0.5f));
          if constexpr (apart) {
            row[b] += charge;
          } else {
            simt::atomic_add(row + b, charge);
          }
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

}  // namespace

// ------------------------------------------------------------------------------------ launchers

template <class Charge>
void spread_charges(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                    const SpaceGrid& grid, std::span<const SpaceBox> boxes, SpaceGeometry* geometry,
                    std::span<Charge> charges) {
  auto config = shape(count);
  const bool apart = config.block.count() == 1;  // as charge_copies has it
  if (apart) config.grid.x = simt::narrow(charges.size() / grid.node_values());
  simt::launch(stream, config,
               apart ? spread_space_charges_kernel<true, Charge>
                     : spread_space_charges_kernel<false, Charge>,
               points, simt::narrow(count), grid, boxes.data(), simt::narrow(boxes.size()),
               geometry, charges.data(), charge_scale(count));
}

template void spread_charges(simt::StreamHandle, const SpacePoints&, std::size_t, const SpaceGrid&,
                             std::span<const SpaceBox>, SpaceGeometry*, std::span<std::uint32_t>);
template void spread_charges(simt::StreamHandle, const SpacePoints&, std::size_t, const SpaceGrid&,
                             std::span<const SpaceBox>, SpaceGeometry*, std::span<std::uint64_t>);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
