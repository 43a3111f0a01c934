#include <algorithm>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/space/gather.hpp"
#include "kernels/tsne/spline.cuh"
#include "kernels/tsne/turn.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kBlock = 256;

struct Smem {
  simt::BlockSumScratch<double> sum;
};

// ---------------------------------------------------------------------------- device functions

struct Wave {
  float sine;
  float cosine;
  float cosine_of_double;

  __device__ __forceinline__ explicit Wave(float t)
      : sine(sine_of_turn(t)),
        cosine(cosine_of_turn(t)),
        cosine_of_double(2.f * cosine * cosine - 1.f) {}
};

/// Along the first.
__device__ __forceinline__ float own_force_along(const SpaceOwnForce& own, const Wave& x,
                                                 const Wave& y, const Wave& z) {
  const auto across = [&](const float(&t)[4]) {
    return t[0] + t[1] * (y.cosine + z.cosine) + t[2] * y.cosine * z.cosine +
           t[3] * (y.cosine_of_double + z.cosine_of_double);
  };
  return x.sine * (across(own.terms[0]) + 2.f * x.cosine * across(own.terms[1]));
}

// ------------------------------------------------------------------------------------- kernels

// A warp a point, of which a lane takes one of the four nodes in x and one of the four in z.
__global__ void gather_space_forces_kernel(SpacePoints points, std::uint32_t count, SpaceGrid grid,
                                           const SpaceGeometry* __restrict__ at,
                                           const float* __restrict__ potential, SpaceOwnForce own,
                                           SpacePoint* __restrict__ forces,
                                           double* __restrict__ sums) {
  const SpaceGeometry geometry = *at;
  if (geometry.overflow != 0) return;
  const SpacePoint* from = points.before(geometry.iteration);
  const float inverse_spacing = 1.f / geometry.spacing;
  double all = 0.0;
  for (const auto i : simt::warp_elements(count)) {
    const SpacePoint here = from[i];
    const SplinePlace px(here.x, geometry.origin_x, inverse_spacing, grid.nodes);
    const SplinePlace py(here.y, geometry.origin_y, inverse_spacing, grid.nodes);
    const SplinePlace pz(here.z, geometry.origin_z, inverse_spacing, grid.nodes);
    const auto wx = SplineWeights::values(px.t);
    const auto wy = SplineWeights::values(py.t);
    const auto wz = SplineWeights::values(pz.t);
    const auto dwx = SplineWeights::derivatives(px.t);
    const auto dwy = SplineWeights::derivatives(py.t);
    const auto dwz = SplineWeights::derivatives(pz.t);
    const float* nodes = potential + std::size_t(px.first) * grid.plane_pitch() +
                         std::size_t(pz.first) * grid.pitch + py.first;
    float potential_here = 0.f;
    float x = 0.f;
    float y = 0.f;
    float z = 0.f;
    for (std::uint32_t lane = simt::lane(); lane < 16; lane += simt::warp_thread_count()) {
      const std::uint32_t a = lane / 4;
      const std::uint32_t c = lane % 4;
      const float* row = nodes + std::size_t{a} * grid.plane_pitch() + std::size_t{c} * grid.pitch;
      float value = 0.f;
      float slope = 0.f;
      for (std::uint32_t b = 0; b < 4; ++b) {
        value += wy.at[b] * row[b];
        slope += dwy.at[b] * row[b];
      }
      potential_here += wx.pick(a) * wz.pick(c) * value;
      x += dwx.pick(a) * wz.pick(c) * value;
      y += wx.pick(a) * wz.pick(c) * slope;
      z += wx.pick(a) * dwz.pick(c) * value;
    }
    all += static_cast<double>(potential_here);  // of each lane its share
    x = simt::warp_sum(x);
    y = simt::warp_sum(y);
    z = simt::warp_sum(z);
    if (simt::lane() != 0) continue;
    const float scale = -0.5f * inverse_spacing;
    SpacePoint force{scale * x, scale * y, scale * z, 0.f};
    if (geometry.level == 0) {
      const Wave wave_x(px.t);
      const Wave wave_y(py.t);
      const Wave wave_z(pz.t);
      force.x -= own_force_along(own, wave_x, wave_y, wave_z);
      force.y -= own_force_along(own, wave_y, wave_x, wave_z);
      force.z -= own_force_along(own, wave_z, wave_x, wave_y);
    }
    forces[i] = force;
  }
  all = simt::block_sum(all, simt::shared<Smem>().sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = all;
}

simt::LaunchConfig shape(std::size_t points) {
  auto config = simt::per_warp(points, kBlock, sizeof(Smem));
  config.grid.x = std::min(config.grid.x, kMaxSummingBlocks);
  return config;
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t gathered_sum_count(std::size_t points) {
  return shape(points).grid.count();
}

void gather_forces(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                   const SpaceGrid& grid, const SpaceGeometry* geometry, const float* potential,
                   const SpaceOwnForce& own, SpacePoint* forces, std::span<double> sums) {
  simt::launch(stream, shape(count), gather_space_forces_kernel, points, simt::narrow(count), grid,
               geometry, potential, own, forces, sums.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
