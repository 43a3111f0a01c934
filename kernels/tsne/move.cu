#include <cmath>
#include <utility>

#include "kernels/affinities/unpack.cuh"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/move.hpp"
#include "kernels/tsne/spline.cuh"
#include "kernels/tsne/step.cuh"
#include "kernels/tsne/turn.cuh"
#include "kernels/tsne/whole_map.cuh"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

using lanes::sum;

#ifndef __CUDACC__
/// A point, seen as the pair of coordinates that it is.
using Pair [[gnu::may_alias]] = double;
#endif

using Smem = MapSmem<2>;

// ---------------------------------------------------------------------------- device functions

/// Points whose entries are packed for `L` lanes at once.
template <class L>
constexpr std::uint32_t kSideBySide = L::kCount == 1 ? 1 : simt::kVectorWidth;

#ifndef __CUDACC__

/// n / 2 points as one register.
template <int n>
struct Packs;
template <>
struct Packs<4> {
  using Points [[gnu::vector_size(16)]] = double;
};
template <>
struct Packs<8> {
  using Points [[gnu::vector_size(32)]] = double;
};
template <>
struct Packs<16> {
  using Points [[gnu::vector_size(64)]] = double;
};

/// Coordinates in turn -> each in a vector of its own.
template <int n, int... lane>
__forceinline__ void split_pairs(typename Packs<n>::Points first, typename Packs<n>::Points second,
                                 lanes::Vector<n>& x, lanes::Vector<n>& y,
                                 std::integer_sequence<int, lane...>) {
  using Floats = typename lanes::Vector<n>::Floats;
  const auto low = Floats(first);
  const auto high = Floats(second);
  x.v = __builtin_shufflevector(low, high, (2 * lane)...);
  y.v = __builtin_shufflevector(low, high, (2 * lane + 1)...);
}

/// n points, by n loads of two coordinates: several times as fast as a gather.
template <int n, class Column, int... i>
__forceinline__ typename Packs<n>::Points load_half(const Point* points, const Column* columns,
                                                    std::integer_sequence<int, i...>) {
  const auto* pairs = reinterpret_cast<const Pair*>(points);
  return typename Packs<n>::Points{pairs[columns[i]]...};
}
template <int n, class Column>
__forceinline__ void load_points(const Point* points, const Column* columns, lanes::Vector<n>& x,
                                 lanes::Vector<n>& y) {
  constexpr auto half = std::make_integer_sequence<int, n / 2>{};
  split_pairs<n>(load_half<n>(points, columns, half), load_half<n>(points, columns + n / 2, half),
                 x, y, std::make_integer_sequence<int, n>{});
}

#endif

/// This lane's share of the attraction on a point by entries first .. last.
template <class L, class Column>
__device__ __forceinline__ Point attraction(const Point* points, Point here,
                                            const std::uint16_t* values, const Column* columns,
                                            std::uint32_t base, std::uint32_t first,
                                            std::uint32_t last) {
  using V = typename L::Value;
  if constexpr (L::kCount == 1) {
    // Some entries at a time, which lie together: an entry's column, then its point, are two waits
    // for memory, in which those of the others are under way too.
    Point sum{0.f, 0.f};
    for (std::uint32_t e = first + kEntriesAtATime * simt::lane(); e < last;
         e += kEntriesAtATime * simt::warp_thread_count()) {
      const auto own_columns = *reinterpret_cast<const Pack<Column>*>(columns + e);
      const auto own_values = *reinterpret_cast<const Pack<std::uint16_t>*>(values + e);
      Point there[kEntriesAtATime];
      float affinity[kEntriesAtATime];
      for (std::uint32_t a = 0; a < kEntriesAtATime; ++a) {
        there[a] = points[own_columns.at[a]];
        affinity[a] = simt::float_from_bits(unpacked_bits(own_values.at[a], base));
      }
      for (std::uint32_t a = 0; a < kEntriesAtATime; ++a) {
        const float dx = here.x - there[a].x;
        const float dy = here.y - there[a].y;
        const float pull = simt::fast_divide(affinity[a], 1.f + dx * dx + dy * dy);
        sum.x += pull * dx;
        sum.y += pull * dy;
      }
    }
    return sum;
  } else {
#ifndef __CUDACC__
    V sum_x(0.f);
    V sum_y(0.f);
    for (std::uint32_t e = first; e < last; e += L::kCount) {
      V x, y;
      load_points(points, columns + e, x, y);
      const V dx = V(here.x) - x;
      const V dy = V(here.y) - y;
      const V pull = unpacked<L::kCount>(values + e, base) / (V(1.f) + dx * dx + dy * dy);
      sum_x += pull * dx;
      sum_y += pull * dy;
    }
    return {sum(sum_x), sum(sum_y)};
#endif
  }
}

/// This lane's share of minus half the potential's gradient at a point: of its 4 x 4 nodes. The
/// whole of it where a thread is alone.
__device__ __forceinline__ Point gather_force(const Repulsion& repulsion, const SplinePlace& px,
                                              const SplinePlace& py, float inverse_spacing) {
  const auto wx = SplineWeights::values(px.t);
  const auto wy = SplineWeights::values(py.t);
  const auto dwx = SplineWeights::derivatives(px.t);
  const auto dwy = SplineWeights::derivatives(py.t);
  const std::uint32_t pitch = repulsion.grid.pitch;
  const float* nodes = repulsion.potential + std::size_t(px.first) * pitch + py.first;
  GatheredAlongX gathered;
  const auto add = [&](std::uint32_t a, float weight, float derivative) {
    gathered.add(nodes + std::size_t{a} * pitch, weight, derivative);
  };
  if (simt::block_thread_count() == 1) {
    for (std::uint32_t a = 0; a < 4; ++a) add(a, wx.at[a], dwx.at[a]);
  } else {  // a lane one of the four in x
    for (std::uint32_t a = simt::lane(); a < 4; a += simt::warp_thread_count()) {
      add(a, wx.pick(a), dwx.pick(a));
    }
  }
  return gathered.force(wy, dwy, inverse_spacing);
}

__device__ __forceinline__ Point own_force(const OwnForce& own, float tx, float ty) {
  const float sx = sine_of_turn(tx);
  const float sy = sine_of_turn(ty);
  const float cx = cosine_of_turn(tx);
  const float cy = cosine_of_turn(ty);
  const auto along = [&](int m, float c) {
    return own.terms[m][0] + own.terms[m][1] * c + own.terms[m][2] * (2.f * c * c - 1.f);
  };
  return {sx * (along(0, cy) + 2.f * cx * along(1, cy)),
          sy * (along(0, cx) + 2.f * cy * along(1, cx))};
}

// ------------------------------------------------------------------------------------- kernels

struct Move {
  Points points;
  std::uint32_t count;
  PackedAffinities affinities;
  Repulsion repulsion;
  TsneSchedule schedule;
  const Geometry* geometry;
  Motion motion;
  Box* boxes;
};

/// The sum over the lanes of a warp, whole in lane 0; a thread with vectors is alone.
template <class L>
__device__ __forceinline__ float over_lanes(float value) {
  return L::kCount == 1 ? simt::warp_sum(value) : value;
}

/// The gradient of point i, whole in lane 0, but for its own force in cell (tx, ty).
template <class L, class Column, bool on_grid>
__device__ __forceinline__ Point gradient_of(const Move& move, const Geometry& geometry,
                                             const Point* points, const Column* columns,
                                             std::uint32_t i, float exaggeration,
                                             float inverse_normalizer, float& tx, float& ty) {
  const PackedAffinities& p = move.affinities;
  const Point here = points[i];
  Point pull = attraction<L>(points, here, p.values, columns, p.base, p.strong[i], p.strong[i + 1]);
  if (geometry.iteration % kWeakEvery == 1) {
    Point weak = attraction<L>(points, here, p.values, columns, p.base, p.weak[i], p.weak[i + 1]);
    weak = {over_lanes<L>(weak.x), over_lanes<L>(weak.y)};
    if (simt::lane() == 0) move.motion.weak_pull[i] = weak;
  }
  Point repelled{0.f, 0.f};
  if constexpr (on_grid) {
    const float inverse_spacing = 1.f / geometry.spacing;
    const GridShape& grid = move.repulsion.grid;
    const SplinePlace px(here.x, geometry.origin_x, inverse_spacing, grid.nodes_x);
    const SplinePlace py(here.y, geometry.origin_y, inverse_spacing, grid.nodes_y);
    repelled = gather_force(move.repulsion, px, py, inverse_spacing);
    tx = px.t;
    ty = py.t;
  }
  for (std::uint32_t part = simt::lane(); part < move.repulsion.force_parts;
       part += simt::warp_thread_count()) {
    const Point force = move.repulsion.forces[std::size_t{part} * move.count + i];
    repelled = {repelled.x + force.x, repelled.y + force.y};
  }
  if (simt::lane() == 0) {
    const Point weak = move.motion.weak_pull[i];
    pull = {pull.x + weak.x, pull.y + weak.y};
  }
  // One sum over the lanes for both: the gradient is linear in them.
  return {4.f * over_lanes<L>(exaggeration * pull.x - inverse_normalizer * repelled.x),
          4.f * over_lanes<L>(exaggeration * pull.y - inverse_normalizer * repelled.y)};
}

// A warp a point, or a CPU's thread some points side by side: what follows the gradients is the
// same for all their coordinates.
template <class L, class Column, bool on_grid>
__global__ void move_points_kernel(__grid_constant__ const Move move,
                                   const Column* __restrict__ columns) {
  constexpr std::uint32_t kPoints = kSideBySide<L>;
  constexpr std::uint32_t kCoordinates = 2 * kPoints;
  Smem& smem = simt::shared<Smem>();
  const Geometry geometry = *move.geometry;
  if (geometry.overflow != 0) return;
  const float inverse_normalizer = inverse_normalizer_of(move.repulsion, smem.sum);
  const Pace pace = pace_of(move.schedule, geometry.iteration);
  const Point* before = move.points.before(geometry.iteration);
  Point* after = move.points.after(geometry.iteration);

  Steps<kCoordinates> steps;
  for (std::uint32_t c = 0; c < kCoordinates; ++c) {
    steps.mean[c] = c % 2 == 0 ? geometry.mean_x : geometry.mean_y;
    steps.rate[c] = move.motion.on_line && c % 2 != 0 ? 0.f : pace.rate;
  }
  for (const auto group : simt::warp_elements((move.count + kPoints - 1) / kPoints)) {
    const std::uint32_t first = group * kPoints;
    const std::uint32_t left = move.count - first;
    const std::uint32_t here = left < kPoints ? left : kPoints;
    float gradient[kCoordinates] = {};
    float tx[kPoints] = {};
    float ty[kPoints] = {};
    for (std::uint32_t w = 0; w < here; ++w) {
      const Point g =
          gradient_of<L, Column, on_grid>(move, geometry, before, columns, first + w,
                                          pace.exaggeration, inverse_normalizer, tx[w], ty[w]);
      gradient[2 * w] = g.x;
      gradient[2 * w + 1] = g.y;
    }
    if (simt::lane() != 0) continue;
    if (on_grid && geometry.level == 0) {
      for (std::uint32_t w = 0; w < kPoints; ++w) {  // of those that are not there too: a vector
        const Point own = own_force(move.repulsion.own, tx[w], ty[w]);
        gradient[2 * w] += 4.f * inverse_normalizer * own.x;
        gradient[2 * w + 1] += 4.f * inverse_normalizer * own.y;
      }
    }
    const auto* from = reinterpret_cast<const Coordinate*>(before + first);
    auto* to = reinterpret_cast<Coordinate*>(after + first);
    auto* velocity = reinterpret_cast<Coordinate*>(move.motion.velocity + first);
    auto* gain = reinterpret_cast<Coordinate*>(move.motion.gain + first);
    if (here == kPoints) {
      steps.take(kCoordinates, gradient, pace, from, to, velocity, gain);
    } else {
      steps.take(2 * here, gradient, pace, from, to, velocity, gain);
    }
  }
  Box box;
  box.iteration = geometry.iteration;
  if (simt::lane() == 0) {
    for (std::uint32_t w = 0; w < kPoints; ++w) box = join(box, steps.template box<2>(2 * w));
  }
  block_join(box, smem.boxes);
  if (threadIdx.x == 0) move.boxes[blockIdx.x] = smem.boxes[0];
}

simt::LaunchConfig shape(std::size_t points) {
  return simt::per_warp(points, kBoxBlock, sizeof(Smem));
}

template <class L>
void launch_move(simt::StreamHandle stream, const Move& move) {
  const auto config = shape(move.count);
  const PackedAffinities& p = move.affinities;
  const bool on_grid = move.repulsion.potential != nullptr;
  if (p.columns != nullptr) {
    simt::launch(stream, config,
                 on_grid ? move_points_kernel<L, std::uint16_t, true>
                         : move_points_kernel<L, std::uint16_t, false>,
                 move, p.columns);
  } else {
    simt::launch(stream, config,
                 on_grid ? move_points_kernel<L, std::uint32_t, true>
                         : move_points_kernel<L, std::uint32_t, false>,
                 move, p.wide_columns);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t move_box_count(std::size_t points) {
  return shape(points).grid.count();
}

void move_points(simt::StreamHandle stream, const Points& points, std::size_t count,
                 const PackedAffinities& affinities, const Repulsion& repulsion,
                 const TsneSchedule& schedule, const Geometry* geometry, const Motion& motion,
                 std::span<Box> boxes) {
  const Move move{points, simt::narrow(count), affinities, repulsion, schedule, geometry,
                  motion, boxes.data()};
#ifndef __CUDACC__
  if (shape(count).block.count() == 1) {
    launch_move<lanes::Lanes<lanes::kWidestLanes>>(stream, move);
    return;
  }
#endif
  launch_move<lanes::Lanes<1>>(stream, move);
}

void measure_points(simt::StreamHandle stream, std::span<const Point> points,
                    std::uint64_t iterations, std::span<Box> boxes) {
  simt::launch(stream, shape(points.size()), measure_points_kernel<Point>, points.data(),
               simt::narrow(points.size()), iterations, boxes.data());
}

void divergence_terms(simt::StreamHandle stream, std::span<const Point> points,
                      const Affinities& affinities, std::span<double> sums, Tail tail) {
  simt::launch(stream, shape(points.size()), divergence_terms_kernel<Point>, points.data(),
               simt::narrow(points.size()), affinities, sums.data(), tail.power);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
