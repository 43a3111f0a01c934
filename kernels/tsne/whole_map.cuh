// What is asked of a whole map, of whatever dimensions: its box, and its divergence.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/affinities/packed.hpp"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// The shared memory of a block of these kernels, and of the move.
template <int dimensions>
struct MapSmem {
  BoxOf<dimensions> boxes[kBoxBlock];
  simt::BlockSumScratch<double> sum;
};
static_assert(sizeof(MapSmem<3>) <= 16 * 1024);

template <class P>
__global__ void measure_points_kernel(const P* __restrict__ points, std::uint32_t count,
                                      std::uint64_t iterations,
                                      BoxOf<kDimensions<P>>* __restrict__ boxes) {
  BoxOf<kDimensions<P>> box;
  box.iteration = iterations;
  for (const auto i : simt::elements(count)) {
    BoxOf<kDimensions<P>> here;
    lanes::unrolled<kDimensions<P>>([&](auto c) {
      here.low[c.value] = here.high[c.value] = coordinate<c.value>(points[i]);
      here.sum[c.value] = double{coordinate<c.value>(points[i])};
    });
    box = join(box, here);
  }
  auto& smem = simt::shared<MapSmem<kDimensions<P>>>();
  block_join(box, smem.boxes);
  if (threadIdx.x == 0) boxes[blockIdx.x] = smem.boxes[0];
}

template <class P>
__global__ void divergence_terms_kernel(const P* __restrict__ points, std::uint32_t count,
                                        Affinities affinities, double* __restrict__ sums,
                                        float power) {
  double sum = 0.0;
  for (const auto i : simt::warp_elements(count)) {
    const P here = points[i];
    const std::uint32_t last = affinities.offsets[i + 1];
    for (std::uint32_t e = affinities.offsets[i] + simt::lane(); e < last;
         e += simt::warp_thread_count()) {
      const float p = affinities.values[e];
      if (!(p > 0.f)) continue;  // p log p is 0 there
      const P there = points[affinities.columns[e]];
      float squared = 0.f;
      lanes::unrolled<kDimensions<P>>([&](auto c) {
        const float difference = coordinate<c.value>(here) - coordinate<c.value>(there);
        squared += difference * difference;
      });
      sum += static_cast<double>(p * (logf(p) + power * log1pf(squared)));
    }
  }
  sum = simt::block_sum(sum, simt::shared<MapSmem<kDimensions<P>>>().sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
