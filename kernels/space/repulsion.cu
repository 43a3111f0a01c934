#include <algorithm>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/space/boxes.cuh"
#include "kernels/space/repulsion.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kBlock = 128;
constexpr unsigned kWidth = simt::kVectorWidth;

struct Smem {
  SpacePoint tile[kBlock];
  simt::BlockSumScratch<double> normalizer;
};
static_assert(sizeof(Smem) <= 4096);

// ------------------------------------------------------------------------------------- kernels

// As in two dimensions: each thread owns kWidth points and meets all others of its part, a tile at
// a time; blockIdx.y is the part.
template <bool plain>
__global__ void exact_space_repulsion_kernel(SpacePoints both,
                                             const SpaceGeometry* __restrict__ geometry,
                                             std::uint32_t count, SpacePoint* __restrict__ forces,
                                             double* __restrict__ normalizers, float power) {
  Smem& smem = simt::shared<Smem>();
  const SpacePoint* points = geometry == nullptr ? both.at[0] : both.before(geometry->iteration);
  const std::uint32_t tiles = (count + kBlock - 1) / kBlock;
  const std::uint32_t first_tile = tiles * blockIdx.y / gridDim.y;
  const std::uint32_t last_tile = tiles * (blockIdx.y + 1) / gridDim.y;
  double normalizer = 0.0;
  const std::uint32_t block_points = blockDim.x * kWidth;
  const std::uint32_t groups = (count + block_points - 1) / block_points;
  for (std::uint32_t group = blockIdx.x; group < groups; group += gridDim.x) {
    const std::uint32_t first = group * block_points + threadIdx.x * kWidth;
    float x[kWidth];
    float y[kWidth];
    float z[kWidth];
    float force_x[kWidth] = {};
    float force_y[kWidth] = {};
    float force_z[kWidth] = {};
    double nearness[kWidth] = {};
    for (unsigned w = 0; w < kWidth; ++w) {
      const std::uint32_t i = first + w < count ? first + w : count - 1;
      x[w] = points[i].x;
      y[w] = points[i].y;
      z[w] = points[i].z;
    }
    for (std::uint32_t tile = first_tile; tile < last_tile; ++tile) {
      const std::uint32_t base = tile * kBlock;
      const std::uint32_t size = count - base < kBlock ? count - base : kBlock;
      simt::sync_block();  // all have done with the last tile
      for (const auto i : simt::block_elements(size)) smem.tile[i] = points[base + i];
      simt::sync_block();                      // the tile is there
      float tile_nearness[kWidth] = {};        // single precision over a tile, double over tiles
      const std::uint32_t own = first - base;  // the thread's first point, in the tile or not
      for (std::uint32_t j = 0; j < size; ++j) {
        const SpacePoint other = smem.tile[j];
        for (unsigned w = 0; w < kWidth; ++w) {
          const float dx = x[w] - other.x;
          const float dy = y[w] - other.y;
          const float dz = z[w] - other.z;
          const float near = 1.f / (1.f + dx * dx + dy * dy + dz * dz);
          const float raised = plain ? near : simt::fast_exp(power * simt::fast_log(near));
          tile_nearness[w] += j == own + w ? 0.f : raised;
          force_x[w] += raised * near * dx;
          force_y[w] += raised * near * dy;
          force_z[w] += raised * near * dz;
        }
      }
      for (unsigned w = 0; w < kWidth; ++w) nearness[w] += static_cast<double>(tile_nearness[w]);
    }
    for (unsigned w = 0; w < kWidth && first + w < count; ++w) {
      normalizer += nearness[w];
      if (forces != nullptr) {
        forces[std::size_t{blockIdx.y} * count + first + w] = {
            power * force_x[w], power * force_y[w], power * force_z[w], 0.f};
      }
    }
  }
  normalizer = simt::block_sum(normalizer, smem.normalizer);
  if (threadIdx.x == 0) normalizers[blockIdx.y * gridDim.x + blockIdx.x] = normalizer;
}

struct BeginSmem {
  SpaceBox boxes[kBoxBlock];
};

// One block.
__global__ void begin_space_iteration_kernel(std::uint32_t points,
                                             const SpaceBox* __restrict__ boxes,
                                             std::uint32_t box_count,
                                             SpaceGeometry* __restrict__ geometry) {
  SpaceBox* scratch = simt::shared<BeginSmem>().boxes;
  const SpaceGeometry next = next_geometry(boxes, box_count, points, scratch);
  if (threadIdx.x == 0) *geometry = next;
}

simt::LaunchConfig shape(std::size_t points) {
  constexpr std::size_t kMostGroups = 1024;
  constexpr std::size_t kEnough = 264;  // blocks: two for each multiprocessor of a large GPU
  auto config = simt::per_block(1, kBlock, sizeof(Smem));
  const bool alone = config.block.count() == 1;
  const std::size_t groups =
      std::min(simt::blocks_for(points, config.block.count() * kWidth), kMostGroups);
  const std::size_t parts = std::min(simt::blocks_for(points, kBlock), kEnough / groups);
  config.grid = {static_cast<unsigned>(groups),
                 static_cast<unsigned>(alone ? 1 : std::max<std::size_t>(parts, 1))};
  return config;
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t space_repulsion_parts(std::size_t points) {
  return shape(points).grid.y;
}

std::size_t space_repulsion_partial_count(std::size_t points) {
  return shape(points).grid.count();
}

void exact_repulsion(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                     const SpaceGeometry* geometry, SpacePoint* forces,
                     std::span<double> normalizers, Tail tail) {
  simt::launch(
      stream, shape(count),
      tail.plain() ? exact_space_repulsion_kernel<true> : exact_space_repulsion_kernel<false>,
      points, geometry, simt::narrow(count), forces, normalizers.data(), tail.power);
}

void begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const SpaceBox> boxes,
                     SpaceGeometry* geometry) {
  simt::launch(stream, simt::per_block(1, kBoxBlock, sizeof(BeginSmem)),
               begin_space_iteration_kernel, simt::narrow(points), boxes.data(),
               simt::narrow(boxes.size()), geometry);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
