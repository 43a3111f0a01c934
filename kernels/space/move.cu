#include <cmath>
#include <utility>

#include "kernels/affinities/unpack.cuh"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/space/boxes.cuh"
#include "kernels/space/move.hpp"
#include "kernels/tsne/move.hpp"
#include "kernels/tsne/step.cuh"
#include "kernels/tsne/whole_map.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

using lanes::sum;

using Smem = MapSmem<3>;

// ---------------------------------------------------------------------------- device functions

/// Points whose steps are taken side by side: their coordinates fill a CPU's vector.
template <class L>
constexpr std::uint32_t kSideBySide = L::kCount == 1 ? 1 : simt::kVectorWidth / 4;

#ifndef __CUDACC__

/// n / 4 points, whose coordinates come in turn.
template <int n, class Column>
__forceinline__ typename lanes::Vector<n>::Floats points_in_turn(const SpacePoint* points,
                                                                 const Column* columns) {
  if constexpr (n == 4) {
    return *reinterpret_cast<const lanes::Registers<4>::Floats*>(points + *columns);
  } else {
    const auto low = points_in_turn<n / 2>(points, columns);
    const auto high = points_in_turn<n / 2>(points, columns + n / 8);
    return [&]<int... lane>(std::integer_sequence<int, lane...>) {
      return __builtin_shufflevector(low, high, lane...);
    }
    (std::make_integer_sequence<int, n>{});
  }
}

/// Of n / 2 points in two vectors: coordinate c of all of them, then coordinate c + 1.
template <int c, int n, int... lane>
__forceinline__ lanes::Vector<n> two_coordinates(typename lanes::Vector<n>::Floats low,
                                                 typename lanes::Vector<n>::Floats high,
                                                 std::integer_sequence<int, lane...>) {
  return lanes::Vector<n>(
      __builtin_shufflevector(low, high, (4 * (lane % (n / 2)) + c + lane / (n / 2))...));
}

/// The first or second halves of two vectors.
template <int half, int n, int... lane>
__forceinline__ lanes::Vector<n> halves(lanes::Vector<n> low, lanes::Vector<n> high,
                                        std::integer_sequence<int, lane...>) {
  return lanes::Vector<n>(__builtin_shufflevector(
      low.v, high.v, (lane % (n / 2) + half * (n / 2) + (lane < n / 2 ? 0 : n))...));
}

/// n points, by n loads.
template <int n, class Column>
__forceinline__ void load_points(const SpacePoint* points, const Column* columns,
                                 lanes::Vector<n>& x, lanes::Vector<n>& y, lanes::Vector<n>& z) {
  constexpr auto all = std::make_integer_sequence<int, n>{};
  const auto a = points_in_turn<n>(points, columns);
  const auto b = points_in_turn<n>(points, columns + n / 4);
  const auto c = points_in_turn<n>(points, columns + n / 2);
  const auto d = points_in_turn<n>(points, columns + 3 * n / 4);
  const auto first_xy = two_coordinates<0, n>(a, b, all);
  const auto second_xy = two_coordinates<0, n>(c, d, all);
  x = halves<0>(first_xy, second_xy, all);
  y = halves<1>(first_xy, second_xy, all);
  z = halves<0>(two_coordinates<2, n>(a, b, all), two_coordinates<2, n>(c, d, all), all);
}

#endif

__device__ __forceinline__ SpacePoint operator+(const SpacePoint& a, const SpacePoint& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z, 0.f};
}

/// This lane's share of the attraction on a point by entries first .. last.
template <class L, class Column>
__device__ __forceinline__ SpacePoint attraction(const SpacePoint* points, const SpacePoint& here,
                                                 const std::uint16_t* values, const Column* columns,
                                                 std::uint32_t base, std::uint32_t first,
                                                 std::uint32_t last) {
  if constexpr (L::kCount == 1) {
    SpacePoint sum{};
    for (std::uint32_t e = first + kEntriesAtATime * simt::lane(); e < last;
         e += kEntriesAtATime * simt::warp_thread_count()) {
      const auto own_columns = *reinterpret_cast<const Pack<Column>*>(columns + e);
      const auto own_values = *reinterpret_cast<const Pack<std::uint16_t>*>(values + e);
      SpacePoint there[kEntriesAtATime];
      float affinity[kEntriesAtATime];
      for (std::uint32_t a = 0; a < kEntriesAtATime; ++a) {
        there[a] = points[own_columns.at[a]];
        affinity[a] = simt::float_from_bits(unpacked_bits(own_values.at[a], base));
      }
      for (std::uint32_t a = 0; a < kEntriesAtATime; ++a) {
        const float dx = here.x - there[a].x;
        const float dy = here.y - there[a].y;
        const float dz = here.z - there[a].z;
        const float pull = simt::fast_divide(affinity[a], 1.f + dx * dx + dy * dy + dz * dz);
        sum.x += pull * dx;
        sum.y += pull * dy;
        sum.z += pull * dz;
      }
    }
    return sum;
  } else {
#ifndef __CUDACC__
    using V = typename L::Value;
    V sum_x(0.f);
    V sum_y(0.f);
    V sum_z(0.f);
    for (std::uint32_t e = first; e < last; e += L::kCount) {
      V x, y, z;
      load_points(points, columns + e, x, y, z);
      const V dx = V(here.x) - x;
      const V dy = V(here.y) - y;
      const V dz = V(here.z) - z;
      const V pull = unpacked<L::kCount>(values + e, base) / (V(1.f) + dx * dx + dy * dy + dz * dz);
      sum_x += pull * dx;
      sum_y += pull * dy;
      sum_z += pull * dz;
    }
    return {sum(sum_x), sum(sum_y), sum(sum_z), 0.f};
#endif
  }
}

struct SpaceMove {
  SpacePoints points;
  std::uint32_t count;
  PackedAffinities affinities;
  SpaceRepulsion repulsion;
  TsneSchedule schedule;
  const SpaceGeometry* geometry;
  SpaceMotion motion;
  SpaceBox* boxes;
};

/// The sum over the lanes of a warp, whole in lane 0; a thread with vectors is alone.
template <class L>
__device__ __forceinline__ SpacePoint over_lanes(const SpacePoint& share) {
  if constexpr (L::kCount > 1) return share;
  return {simt::warp_sum(share.x), simt::warp_sum(share.y), simt::warp_sum(share.z), 0.f};
}

/// The gradient of point i, whole in lane 0.
template <class L, class Column>
__device__ __forceinline__ SpacePoint gradient_of(const SpaceMove& move, std::uint64_t iteration,
                                                  const SpacePoint* points, const Column* columns,
                                                  std::uint32_t i, float exaggeration,
                                                  float inverse_normalizer) {
  const PackedAffinities& p = move.affinities;
  const SpacePoint here = points[i];
  SpacePoint pull =
      attraction<L>(points, here, p.values, columns, p.base, p.strong[i], p.strong[i + 1]);
  if (iteration % kWeakEvery == 1) {
    const SpacePoint weak = over_lanes<L>(
        attraction<L>(points, here, p.values, columns, p.base, p.weak[i], p.weak[i + 1]));
    if (simt::lane() == 0) move.motion.weak_pull[i] = weak;
  }
  if (simt::lane() == 0) pull = pull + move.motion.weak_pull[i];
  SpacePoint repelled{};
  for (std::uint32_t part = simt::lane(); part < move.repulsion.force_parts;
       part += simt::warp_thread_count()) {
    repelled = repelled + move.repulsion.forces[std::size_t{part} * move.count + i];
  }
  const auto along = [&](float attracted, float pushed) {
    return 4.f * (exaggeration * attracted - inverse_normalizer * pushed);
  };
  return over_lanes<L>(
      {along(pull.x, repelled.x), along(pull.y, repelled.y), along(pull.z, repelled.z), 0.f});
}

// ------------------------------------------------------------------------------------- kernels

// A warp a point, or a CPU's thread some points side by side.
template <class L, class Column>
__global__ void move_space_points_kernel(__grid_constant__ const SpaceMove move,
                                         const Column* __restrict__ columns) {
  constexpr std::uint32_t kPoints = kSideBySide<L>;
  constexpr std::uint32_t kCoordinates = 4 * kPoints;
  Smem& smem = simt::shared<Smem>();
  const SpaceGeometry geometry = *move.geometry;
  if (geometry.overflow != 0) return;
  const float inverse_normalizer = inverse_normalizer_of(move.repulsion, smem.sum);
  const Pace pace = pace_of(move.schedule, geometry.iteration);
  const SpacePoint* before = move.points.before(geometry.iteration);
  SpacePoint* after = move.points.after(geometry.iteration);

  Steps<kCoordinates> steps;
  for (std::uint32_t c = 0; c < kCoordinates; ++c) {
    steps.mean[c] = c % 4 == 0   ? geometry.mean_x
                    : c % 4 == 1 ? geometry.mean_y
                    : c % 4 == 2 ? geometry.mean_z
                                 : 0.f;
    steps.rate[c] = pace.rate;
  }
  for (const auto group : simt::warp_elements((move.count + kPoints - 1) / kPoints)) {
    const std::uint32_t first = group * kPoints;
    const std::uint32_t left = move.count - first;
    const std::uint32_t here = left < kPoints ? left : kPoints;
    float gradient[kCoordinates] = {};
    for (std::uint32_t w = 0; w < here; ++w) {
      const SpacePoint g = gradient_of<L>(move, geometry.iteration, before, columns, first + w,
                                          pace.exaggeration, inverse_normalizer);
      gradient[4 * w] = g.x;
      gradient[4 * w + 1] = g.y;
      gradient[4 * w + 2] = g.z;
    }
    if (simt::lane() != 0) continue;
    const auto* from = reinterpret_cast<const Coordinate*>(before + first);
    auto* to = reinterpret_cast<Coordinate*>(after + first);
    auto* velocity = reinterpret_cast<Coordinate*>(move.motion.velocity + first);
    auto* gain = reinterpret_cast<Coordinate*>(move.motion.gain + first);
    if (here == kPoints) {
      steps.take(kCoordinates, gradient, pace, from, to, velocity, gain);
    } else {
      steps.take(4 * here, gradient, pace, from, to, velocity, gain);
    }
  }
  SpaceBox box;
  box.iteration = geometry.iteration;
  if (simt::lane() == 0) {
    for (std::uint32_t w = 0; w < kPoints; ++w) box = join(box, steps.template box<3>(4 * w));
  }
  block_join(box, smem.boxes);
  if (threadIdx.x == 0) move.boxes[blockIdx.x] = smem.boxes[0];
}

simt::LaunchConfig shape(std::size_t points) {
  return simt::per_warp(points, kBoxBlock, sizeof(Smem));
}

template <class L>
void launch_move(simt::StreamHandle stream, const SpaceMove& move) {
  const auto config = shape(move.count);
  const PackedAffinities& p = move.affinities;
  if (p.columns != nullptr) {
    simt::launch(stream, config, move_space_points_kernel<L, std::uint16_t>, move, p.columns);
  } else {
    simt::launch(stream, config, move_space_points_kernel<L, std::uint32_t>, move, p.wide_columns);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t space_box_count(std::size_t points) {
  return shape(points).grid.count();
}

void move_points(simt::StreamHandle stream, const SpacePoints& points, std::size_t count,
                 const PackedAffinities& affinities, const SpaceRepulsion& repulsion,
                 const TsneSchedule& schedule, const SpaceGeometry* geometry,
                 const SpaceMotion& motion, std::span<SpaceBox> boxes) {
  const SpaceMove move{points, simt::narrow(count), affinities, repulsion, schedule, geometry,
                       motion, boxes.data()};
#ifndef __CUDACC__
  if (shape(count).block.count() == 1) {
    launch_move<lanes::Lanes<lanes::kWidestLanes>>(stream, move);
    return;
  }
#endif
  launch_move<lanes::Lanes<1>>(stream, move);
}

void measure_points(simt::StreamHandle stream, std::span<const SpacePoint> points,
                    std::uint64_t iterations, std::span<SpaceBox> boxes) {
  simt::launch(stream, shape(points.size()), measure_points_kernel<SpacePoint>, points.data(),
               simt::narrow(points.size()), iterations, boxes.data());
}

void divergence_terms(simt::StreamHandle stream, std::span<const SpacePoint> points,
                      const Affinities& affinities, std::span<double> sums, Tail tail) {
  simt::launch(stream, shape(points.size()), divergence_terms_kernel<SpacePoint>, points.data(),
               simt::narrow(points.size()), affinities, sums.data(), tail.power);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
