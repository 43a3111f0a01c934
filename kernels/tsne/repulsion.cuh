// The sums over all pairs behind repulsion.hpp, for points of any number of coordinates: P is Point
// or SpacePoint, G the geometry and B the box that go with it, for which
//
//   kDimensions<P>       how many coordinates there are
//   coordinate<c>(p)     one of them
//   next_geometry(...)   of boxes B (boxes.cuh)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

constexpr unsigned kExactBlock = 128;
constexpr unsigned kExactWidth = simt::kVectorWidth;

template <class P>
struct ExactRepulsionSmem {
  P tile[kExactBlock];
  simt::BlockSumScratch<double> normalizer;
};

// ------------------------------------------------------------------------------------- kernels

// Each thread owns kExactWidth points and meets all others of its part, a tile at a time through
// shared memory; blockIdx.y is the part, of which a small map has several so that it fills a GPU.
// The inner loop is over the thread's own points: on a CPU one vector register of them. Forces that
// nobody wants are summed all the same: it costs little, and GCC does not vectorise the loop
// without them.
template <bool plain, class P, class G>
__global__ void exact_repulsion_kernel(InTurns<P> both, const G* __restrict__ geometry,
                                       std::uint32_t count, P* __restrict__ forces,
                                       double* __restrict__ normalizers, float power) {
  using lanes::unrolled;
  constexpr int kCoordinates = kDimensions<P>;
  auto& smem = simt::shared<ExactRepulsionSmem<P>>();
  const P* points = geometry == nullptr ? both.at[0] : both.before(geometry->iteration);
  const std::uint32_t tiles = (count + kExactBlock - 1) / kExactBlock;
  const std::uint32_t first_tile = tiles * blockIdx.y / gridDim.y;
  const std::uint32_t last_tile = tiles * (blockIdx.y + 1) / gridDim.y;
  double normalizer = 0.0;
  const std::uint32_t block_points = blockDim.x * kExactWidth;
  const std::uint32_t groups = (count + block_points - 1) / block_points;
  for (std::uint32_t group = blockIdx.x; group < groups; group += gridDim.x) {
    const std::uint32_t first = group * block_points + threadIdx.x * kExactWidth;
    float own_at[kCoordinates][kExactWidth];
    float force[kCoordinates][kExactWidth] = {};
    double nearness[kExactWidth] = {};
    for (unsigned w = 0; w < kExactWidth; ++w) {
      const std::uint32_t i = first + w < count ? first + w : count - 1;
      unrolled<kCoordinates>([&](auto c) { own_at[c.value][w] = coordinate<c.value>(points[i]); });
    }
    for (std::uint32_t tile = first_tile; tile < last_tile; ++tile) {
      const std::uint32_t base = tile * kExactBlock;
      const std::uint32_t size = count - base < kExactBlock ? count - base : kExactBlock;
      simt::sync_block();  // all have done with the last tile
      for (const auto i : simt::block_elements(size)) smem.tile[i] = points[base + i];
      simt::sync_block();                      // the tile is there
      float tile_nearness[kExactWidth] = {};   // single precision over a tile, double over tiles
      const std::uint32_t own = first - base;  // the thread's first point, in the tile or not
      for (std::uint32_t j = 0; j < size; ++j) {
        const P other = smem.tile[j];
        for (unsigned w = 0; w < kExactWidth; ++w) {
          float difference[kCoordinates];
          float squared = 1.f;
          unrolled<kCoordinates>([&](auto c) {
            difference[c.value] = own_at[c.value][w] - coordinate<c.value>(other);
            squared += difference[c.value] * difference[c.value];
          });
          const float near = 1.f / squared;
          // Not added and taken away again: its 1 would drown what others add in a sparse map.
          const float raised = plain ? near : simt::fast_exp(power * simt::fast_log(near));
          tile_nearness[w] += j == own + w ? 0.f : raised;
          unrolled<kCoordinates>(
              [&](auto c) { force[c.value][w] += raised * near * difference[c.value]; });
        }
      }
      for (unsigned w = 0; w < kExactWidth; ++w)
        nearness[w] += static_cast<double>(tile_nearness[w]);
    }
    for (unsigned w = 0; w < kExactWidth && first + w < count; ++w) {
      normalizer += nearness[w];
      if (forces != nullptr) {
        P sum{};
        unrolled<kCoordinates>(
            [&](auto c) { coordinate<c.value>(sum) = power * force[c.value][w]; });
        forces[std::size_t{blockIdx.y} * count + first + w] = sum;
      }
    }
  }
  normalizer = simt::block_sum(normalizer, smem.normalizer);
  if (threadIdx.x == 0) normalizers[blockIdx.y * gridDim.x + blockIdx.x] = normalizer;
}

template <class B>
struct BeginSmem {
  B boxes[kBoxBlock];
};

// One block.
template <class B, class G>
__global__ void begin_iteration_kernel(std::uint32_t points, const B* __restrict__ boxes,
                                       std::uint32_t box_count, G* __restrict__ geometry) {
  B* scratch = simt::shared<BeginSmem<B>>().boxes;
  const G next = next_geometry(boxes, box_count, points, scratch);
  if (threadIdx.x == 0) *geometry = next;
}

template <class P>
simt::LaunchConfig exact_repulsion_shape(std::size_t points) {
  constexpr std::size_t kMostGroups = 1024;
  constexpr std::size_t kEnough = 264;  // blocks: two for each multiprocessor of a large GPU
  auto config = simt::per_block(1, kExactBlock, sizeof(ExactRepulsionSmem<P>));
  const bool alone = config.block.count() == 1;
  const std::size_t groups =
      std::min(simt::blocks_for(points, config.block.count() * kExactWidth), kMostGroups);
  const std::size_t parts = std::min(simt::blocks_for(points, kExactBlock), kEnough / groups);
  config.grid = {static_cast<unsigned>(groups),
                 static_cast<unsigned>(alone ? 1 : std::max<std::size_t>(parts, 1))};
  return config;
}

template <class P, class G>
void launch_exact_repulsion(simt::StreamHandle stream, const InTurns<P>& points, std::size_t count,
                            const G* geometry, P* forces, std::span<double> normalizers,
                            Tail tail) {
  simt::launch(
      stream, exact_repulsion_shape<P>(count),
      tail.plain() ? exact_repulsion_kernel<true, P, G> : exact_repulsion_kernel<false, P, G>,
      points, geometry, simt::narrow(count), forces, normalizers.data(), tail.power);
}

template <class B, class G>
void launch_begin_iteration(simt::StreamHandle stream, std::size_t points, std::span<const B> boxes,
                            G* geometry) {
  simt::launch(stream, simt::per_block(1, kBoxBlock, sizeof(BeginSmem<B>)),
               begin_iteration_kernel<B, G>, simt::narrow(points), boxes.data(),
               simt::narrow(boxes.size()), geometry);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
