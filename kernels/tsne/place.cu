#include <cmath>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/place.hpp"
#include "kernels/tsne/spline.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kWidth = simt::kVectorWidth;

// ---------------------------------------------------------------------------- device functions

/// Of a warp's lanes; in all of them.
__device__ __forceinline__ float over_lanes(float value) {
  return simt::block_thread_count() == 1 ? value : simt::warp_sum_for_all(value);
}

__device__ __forceinline__ float sum_of(const float (&parts)[kWidth]) {
  float sum = 0.f;
  for (const float part : parts) sum += part;
  return sum;
}

struct Field {
  float potential;
  Point force;
};

/// By all points. Sums of a bundle in single precision, over bundles in double.
__device__ inline Field summed_field(const FrozenMap& map, Point here) {
  double potential = 0.0;
  double force_x = 0.0;
  double force_y = 0.0;
  constexpr std::uint32_t kBundle = 64 * kWidth;
  const std::uint32_t step = simt::warp_thread_count() * kBundle;
  for (std::uint32_t first = simt::lane() * kBundle; first < map.count; first += step) {
    const std::uint32_t end = map.count - first < kBundle ? map.count : first + kBundle;
    float near_sum[kWidth] = {};
    float x[kWidth] = {};
    float y[kWidth] = {};
    const auto add = [&](std::uint32_t j, unsigned w) {
      const float dx = here.x - map.points[j].x;
      const float dy = here.y - map.points[j].y;
      const float near = 1.f / (1.f + dx * dx + dy * dy);
      near_sum[w] += near;
      x[w] += near * near * dx;
      y[w] += near * near * dy;
    };
    std::uint32_t j = first;
    for (; j + kWidth <= end; j += kWidth) {
      for (unsigned w = 0; w < kWidth; ++w) add(j + w, w);
    }
    for (; j < end; ++j) add(j, 0);
    potential += static_cast<double>(sum_of(near_sum));
    force_x += static_cast<double>(sum_of(x));
    force_y += static_cast<double>(sum_of(y));
  }
  return {over_lanes(static_cast<float>(potential)),
          {over_lanes(static_cast<float>(force_x)), over_lanes(static_cast<float>(force_y))}};
}

/// From the grid's nodes, on which the point lies.
__device__ __forceinline__ Field gathered_field(const FrozenMap& map, const Geometry& geometry,
                                                Point here) {
  const float inverse_spacing = 1.f / geometry.spacing;
  const SplinePlace px(here.x, geometry.origin_x, inverse_spacing, map.grid.nodes_x);
  const SplinePlace py(here.y, geometry.origin_y, inverse_spacing, map.grid.nodes_y);
  const auto wx = SplineWeights::values(px.t);
  const auto wy = SplineWeights::values(py.t);
  const auto dwx = SplineWeights::derivatives(px.t);
  const auto dwy = SplineWeights::derivatives(py.t);
  const std::uint32_t pitch = map.grid.pitch;
  const float* nodes = map.potential + std::size_t(px.first) * pitch + py.first;
  GatheredAlongX gathered;
  for (std::uint32_t a = 0; a < 4; ++a) {
    gathered.add(nodes + std::size_t{a} * pitch, wx.at[a], dwx.at[a]);
  }
  return {gathered.potential(wy), gathered.force(wy, dwy, inverse_spacing)};
}

/// Whether the four nodes around it are there, in either direction.
__device__ __forceinline__ bool on_grid(const FrozenMap& map, const Geometry& geometry,
                                        Point here) {
  const auto within = [&](float coordinate, float origin, std::uint32_t nodes) {
    const float u = (coordinate - origin) / geometry.spacing;
    return u >= 1.f && u < static_cast<float>(nodes - 2);
  };
  return within(here.x, geometry.origin_x, map.grid.nodes_x) &&
         within(here.y, geometry.origin_y, map.grid.nodes_y);
}

__device__ __forceinline__ Field field_at(const FrozenMap& map, Point here) {
  if (map.potential != nullptr && on_grid(map, *map.geometry, here)) {
    return gathered_field(map, *map.geometry, here);
  }
  return summed_field(map, here);
}

/// Of the point's own neighbours: sum of p (y - y_j) / (1 + d^2).
__device__ __forceinline__ Point attraction(const FrozenNeighbors& near, std::size_t row,
                                            Point here) {
  const float* at_x = near.x + row * near.k;
  const float* at_y = near.y + row * near.k;
  const float* affinities = near.affinities + row * near.k;
  float x[kWidth] = {};
  float y[kWidth] = {};
  const auto add = [&](std::size_t j, unsigned w) {
    const float dx = here.x - at_x[j];
    const float dy = here.y - at_y[j];
    const float pull = affinities[j] / (1.f + dx * dx + dy * dy);
    x[w] += pull * dx;
    y[w] += pull * dy;
  };
  const std::size_t step = simt::warp_thread_count() * std::size_t{kWidth};
  const std::size_t whole = near.k / step * step;
  for (std::size_t j = simt::lane() * std::size_t{kWidth}; j < whole; j += step) {
    for (unsigned w = 0; w < kWidth; ++w) add(j + w, w);
  }
  for (std::size_t j = whole + simt::lane(); j < near.k; j += simt::warp_thread_count()) add(j, 0);
  return {over_lanes(sum_of(x)), over_lanes(sum_of(y))};
}

__device__ __forceinline__ float step(float gradient, float velocity,
                                      const PlacementSchedule& schedule, float& gain) {
  constexpr float kMinGain = 0.01f;
  // Steady descent, against the gradient, deserves more; a change of direction less.
  const float changed = gradient * velocity < 0.f ? gain + 0.2f : gain * 0.8f;
  gain = changed < kMinGain ? kMinGain : changed;
  return schedule.momentum * velocity - schedule.learning_rate * gain * gradient;
}

// ------------------------------------------------------------------------------------- kernels

// A warp a point, whose lanes share its neighbours; the steps go by in registers.
__global__ void place_points_kernel(FrozenMap map, FrozenNeighbors near, PlacementSchedule schedule,
                                    Point* __restrict__ points, std::size_t count) {
  for (const auto row : simt::warp_elements(count)) {
    Point here = points[row];
    Point velocity{0.f, 0.f};
    Point gain{1.f, 1.f};
    for (std::uint32_t t = 0; t < schedule.iterations; ++t) {
      const Point pull = attraction(near, row, here);
      const Field field = field_at(map, here);
      // Nothing repels where all is out of sight.
      const float share = field.potential > 0.f ? 1.f / field.potential : 0.f;
      Point gradient{schedule.exaggeration * pull.x - share * field.force.x,
                     schedule.exaggeration * pull.y - share * field.force.y};
      if (map.line) gradient.y = 0.f;
      const float length = sqrtf(gradient.x * gradient.x + gradient.y * gradient.y);
      if (length > schedule.longest_gradient) {
        const float shorter = schedule.longest_gradient / length;
        gradient = {shorter * gradient.x, shorter * gradient.y};
      }
      velocity = {step(gradient.x, velocity.x, schedule, gain.x),
                  step(gradient.y, velocity.y, schedule, gain.y)};
      here = {here.x + velocity.x, here.y + velocity.y};
    }
    simt::sync_warp();  // all lanes have read where the point was
    if (simt::lane() == 0) points[row] = here;
  }
}

__global__ void measure_field_kernel(FrozenMap map, const Point* __restrict__ places,
                                     std::size_t count, float* __restrict__ potentials,
                                     Point* __restrict__ forces) {
  for (const auto i : simt::warp_elements(count)) {
    const Field field = field_at(map, places[i]);
    if (simt::lane() != 0) continue;
    potentials[i] = field.potential;
    forces[i] = field.force;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void place_points(simt::StreamHandle stream, const FrozenMap& map, const FrozenNeighbors& near,
                  const PlacementSchedule& schedule, std::span<Point> points) {
  simt::launch(stream, simt::per_warp(points.size()), place_points_kernel, map, near, schedule,
               points.data(), points.size());
}

void measure_field(simt::StreamHandle stream, const FrozenMap& map, std::span<const Point> places,
                   float* potentials, Point* forces) {
  simt::launch(stream, simt::per_warp(places.size()), measure_field_kernel, map, places.data(),
               places.size(), potentials, forces);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
