#include <cmath>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/move.hpp"
#include "kernels/tsne/spline.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr float kMaxStep = 5.f;
constexpr float kMinGain = 0.01f;

struct Smem {
  Box boxes[kBoxBlock];
  simt::BlockSumScratch<double> sum;
};
static_assert(sizeof(Smem) <= 10 * 1024);

// ---------------------------------------------------------------------------- device functions

/// This lane's share of the attraction on point i. Some entries at a time: an entry's column, then
/// its point, are two waits for memory, in which those of the others are under way too.
__device__ Point attraction(const Point* points, Point here, const Affinities& affinities,
                            std::uint32_t i) {
  constexpr std::uint32_t kAtATime = 4;
  Point sum{0.f, 0.f};
  const std::uint32_t last = affinities.offsets[i + 1];
  const std::uint32_t step = simt::warp_thread_count();
  for (std::uint32_t e = affinities.offsets[i] + simt::lane(); e < last; e += kAtATime * step) {
    Point there[kAtATime];
    float affinity[kAtATime];
    for (std::uint32_t a = 0; a < kAtATime; ++a) {
      const bool inside = e + a * step < last;
      const std::uint32_t entry = inside ? e + a * step : e;
      there[a] = points[affinities.columns[entry]];
      affinity[a] = inside ? affinities.values[entry] : 0.f;
    }
    for (std::uint32_t a = 0; a < kAtATime; ++a) {
      const float dx = here.x - there[a].x;
      const float dy = here.y - there[a].y;
      const float pull = simt::fast_divide(affinity[a], 1.f + dx * dx + dy * dy);
      sum.x += pull * dx;
      sum.y += pull * dy;
    }
  }
  return sum;
}

/// This lane's share of minus half the potential's gradient at a point: of its 4 x 4 nodes.
__device__ Point gather_force(const Repulsion& repulsion, const Geometry& geometry, Point here) {
  const std::uint32_t nodes = repulsion.side / 2;
  const float inverse_spacing = 1.f / geometry.spacing;
  const SplinePlace px(here.x, geometry.origin_x, inverse_spacing, nodes);
  const SplinePlace py(here.y, geometry.origin_y, inverse_spacing, nodes);
  const auto wx = SplineWeights::values(px.t);
  const auto wy = SplineWeights::values(py.t);
  const auto dwx = SplineWeights::derivatives(px.t);
  const auto dwy = SplineWeights::derivatives(py.t);
  Point sum{0.f, 0.f};
  const auto add_row = [&](std::uint32_t a, float weight, float derivative) {
    const float* row = repulsion.potential + std::size_t{py.first + a} * repulsion.side + px.first;
    for (std::uint32_t b = 0; b < 4; ++b) {
      sum.x += weight * dwx.at[b] * row[b];
      sum.y += derivative * wx.at[b] * row[b];
    }
  };
  if (simt::block_thread_count() == 1) {
    for (std::uint32_t a = 0; a < 4; ++a) add_row(a, wy.at[a], dwy.at[a]);
  } else {  // a lane a row
    for (std::uint32_t a = simt::lane(); a < 4; a += simt::warp_thread_count()) {
      add_row(a, wy.pick(a), dwy.pick(a));
    }
  }
  const float scale = -0.5f * inverse_spacing;
  return {scale * sum.x, scale * sum.y};
}

/// One coordinate's step: returns the new velocity.
__device__ float step(float gradient, float velocity, float momentum, float rate, float& gain) {
  // Steady descent, against the gradient, deserves more; a change of direction less.
  gain = gradient * velocity < 0.f ? gain + 0.2f : gain * 0.8f;
  gain = gain < kMinGain ? kMinGain : gain;
  const float step = momentum * velocity - rate * gain * gradient;
  return step < -kMaxStep ? -kMaxStep : step > kMaxStep ? kMaxStep : step;  // a NaN shows
}

// ------------------------------------------------------------------------------------- kernels

// One warp a point; lane 0 takes the step.
template <bool on_grid>
__global__ void move_points_kernel(const Point* __restrict__ points, std::uint32_t count,
                                   Affinities affinities, Repulsion repulsion,
                                   TsneSchedule schedule, const Geometry* __restrict__ geometry_now,
                                   Motion motion, Point* __restrict__ moved,
                                   Box* __restrict__ boxes) {
  Smem& smem = simt::shared<Smem>();
  double normalizer = 0.0;
  for (const auto i : simt::block_elements(repulsion.normalizer_count)) {
    normalizer += repulsion.normalizers[i];
  }
  normalizer = simt::block_sum(normalizer, smem.sum) + repulsion.normalizer_offset;
  const auto inverse_normalizer = static_cast<float>(1.0 / normalizer);

  const Geometry geometry = *geometry_now;
  const bool early = geometry.iteration <= schedule.early_iterations;
  const float exaggeration = early ? static_cast<float>(schedule.early_exaggeration) : 1.f;
  const auto momentum =
      static_cast<float>(early ? schedule.early_momentum : schedule.late_momentum);
  const auto rate = static_cast<float>(schedule.learning_rate);
  Box box;
  for (const auto i : simt::warp_elements(count)) {
    const Point here = points[i];
    const Point attracted = attraction(points, here, affinities, i);
    const Point repelled = on_grid             ? gather_force(repulsion, geometry, here)
                           : simt::lane() == 0 ? repulsion.forces[i]
                                               : Point{0.f, 0.f};
    // One sum over the lanes for both: the gradient is linear in them.
    const float gradient_x =
        4.f * simt::warp_sum(exaggeration * attracted.x - inverse_normalizer * repelled.x);
    const float gradient_y =
        4.f * simt::warp_sum(exaggeration * attracted.y - inverse_normalizer * repelled.y);
    if (simt::lane() != 0) continue;
    Point velocity = motion.velocity[i];
    Point gain = motion.gain[i];
    velocity.x = step(gradient_x, velocity.x, momentum, rate, gain.x);
    velocity.y = step(gradient_y, velocity.y, momentum, rate, gain.y);
    motion.velocity[i] = velocity;
    motion.gain[i] = gain;
    const Point there{here.x - geometry.mean_x + velocity.x, here.y - geometry.mean_y + velocity.y};
    moved[i] = there;
    box = join(box, {there.x, there.y, there.x, there.y, double{there.x}, double{there.y}});
  }
  block_join(box, smem.boxes);
  if (threadIdx.x == 0) boxes[blockIdx.x] = smem.boxes[0];
}

__global__ void measure_points_kernel(const Point* __restrict__ points, std::uint32_t count,
                                      Box* __restrict__ boxes) {
  Box box;
  for (const auto i : simt::elements(count)) {
    const Point here = points[i];
    box = join(box, {here.x, here.y, here.x, here.y, double{here.x}, double{here.y}});
  }
  Smem& smem = simt::shared<Smem>();
  block_join(box, smem.boxes);
  if (threadIdx.x == 0) boxes[blockIdx.x] = smem.boxes[0];
}

__global__ void divergence_terms_kernel(const Point* __restrict__ points, std::uint32_t count,
                                        Affinities affinities, double* __restrict__ sums) {
  double sum = 0.0;
  for (const auto i : simt::warp_elements(count)) {
    const Point here = points[i];
    const std::uint32_t last = affinities.offsets[i + 1];
    for (std::uint32_t e = affinities.offsets[i] + simt::lane(); e < last;
         e += simt::warp_thread_count()) {
      const float p = affinities.values[e];
      if (!(p > 0.f)) continue;  // p log p is 0 there
      const Point there = points[affinities.columns[e]];
      const float dx = here.x - there.x;
      const float dy = here.y - there.y;
      sum += static_cast<double>(p * (logf(p) + log1pf(dx * dx + dy * dy)));
    }
  }
  sum = simt::block_sum(sum, simt::shared<Smem>().sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

simt::LaunchConfig shape(std::size_t points) {
  return simt::per_warp(points, kBoxBlock, sizeof(Smem));
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t move_box_count(std::size_t points) {
  return shape(points).grid.count();
}

void move_points(simt::StreamHandle stream, std::span<const Point> points,
                 const Affinities& affinities, const Repulsion& repulsion,
                 const TsneSchedule& schedule, const Geometry* geometry, Motion motion,
                 Point* moved, std::span<Box> boxes) {
  simt::launch(stream, shape(points.size()),
               repulsion.forces == nullptr ? move_points_kernel<true> : move_points_kernel<false>,
               points.data(), simt::narrow(points.size()), affinities, repulsion, schedule,
               geometry, motion, moved, boxes.data());
}

void measure_points(simt::StreamHandle stream, std::span<const Point> points,
                    std::span<Box> boxes) {
  simt::launch(stream, shape(points.size()), measure_points_kernel, points.data(),
               simt::narrow(points.size()), boxes.data());
}

void divergence_terms(simt::StreamHandle stream, std::span<const Point> points,
                      const Affinities& affinities, std::span<double> sums) {
  simt::launch(stream, shape(points.size()), divergence_terms_kernel, points.data(),
               simt::narrow(points.size()), affinities, sums.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
