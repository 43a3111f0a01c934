#include <algorithm>

#include "kernels/fft/line.cuh"
#include "kernels/fft/transpose.cuh"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/convolve.hpp"
#include "kernels/tsne/softened.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

using fft::Lines;
using fft::Value;
using lanes::greater;
using lanes::lane_of;
using lanes::Lanes;
using lanes::select;
using lanes::sum;

constexpr unsigned kThreads = 128;          // of a block on a GPU
constexpr unsigned kBlocksOfProcessor = 3;  // at least: 168 registers a thread

#ifdef __CUDACC__
constexpr int kWidest = 1;
#else
constexpr int kWidest = lanes::kWidestLanes;
#endif

struct alignas(128) Smem {
  simt::BlockSumScratch<double> energy;
  // The block's lines follow.
};
static_assert(sizeof(Smem) + fft::padded(fft::kLongest) * sizeof(Value<float>) <= 99 * 1024,
              "one of the longest lines fits every GPU");

// ---------------------------------------------------------------------------- device functions

template <class V>
__device__ Lines<V> lines_in(Smem& smem, const PlaneLayout& layout) {
  return {reinterpret_cast<Value<V>*>(&smem + 1), layout.lines};
}

/// The first of the 2 lanes rows that line `line` of this block holds: lanes rows as real parts,
/// as many as imaginary parts.
__device__ __forceinline__ std::uint32_t first_row(const PlaneLayout& layout, std::uint32_t line) {
  return (blockIdx.x * layout.lines + line) * 2 * layout.lanes;
}

/// A vector of `column` (or of its block of columns) at `row`.
template <class V>
__device__ __forceinline__ Value<V>& row_value(const Plane& plane, std::uint32_t column_block,
                                               std::uint32_t row) {
  auto* values = reinterpret_cast<Value<V>*>(plane.rows);
  return values[std::size_t{column_block} * plane.layout.row_pitch() + row];
}

/// Adds up the copies of some neighbouring charges and clears them.
template <class V, class Charge>
__device__ __forceinline__ V take(Charge* charges, std::size_t copy_size, std::uint32_t copies,
                                  float unit) {
  if constexpr (sizeof(V) == sizeof(float)) {
    Charge sum = 0;
#ifdef __CUDACC__
#pragma unroll 1  // on a GPU there is one
#endif
    for (std::uint32_t copy = 0; copy < copies; ++copy) {
      sum += charges[copy * copy_size];
      charges[copy * copy_size] = 0;
    }
    return static_cast<float>(sum) * unit;
  } else {
#ifndef __CUDACC__
    constexpr int n = sizeof(V) / sizeof(float);
    if constexpr (sizeof(Charge) == sizeof(float)) {
      using Ints = typename lanes::Registers<n>::Ints;
      Ints sum{};
      for (std::uint32_t copy = 0; copy < copies; ++copy) {
        auto& values = *reinterpret_cast<Ints*>(charges + copy * copy_size);
        sum += values;
        values = Ints{};
      }
      return V(__builtin_convertvector(sum, typename V::Floats)) * V(unit);
    } else {
      V result;
      for (int lane = 0; lane < n; ++lane) {
        lane_of(result, lane) = take<float>(charges + lane, copy_size, copies, unit);
      }
      return result;
    }
#endif
  }
}

/// Parts the transforms of real and imaginary parts, doubled, and hands them to columns.
template <class L>
__device__ __phase__ void store_rows(const Plane& plane, const Lines<typename L::Value>& lines) {
  using V = typename L::Value;
  constexpr int n = L::kCount;
  const PlaneLayout& layout = plane.layout;
  const std::uint32_t* place = plane.x.place;
  const std::uint32_t blocks = layout.columns / n;
  for (const auto i : simt::block_elements(blocks * layout.lines)) {
    const std::uint32_t block = i / layout.lines;
    const std::uint32_t l = i % layout.lines;
    V first_real[n], first_imaginary[n], second_real[n], second_imaginary[n];
    for (int lane = 0; lane < n; ++lane) {
      const std::uint32_t k = block * n + lane;
      const Value<V> a = lines.at(place[k], l);
      const Value<V> b = lines.at(place[k == 0 ? 0 : plane.x.length - k], l);
      first_real[lane] = a.real + b.real;
      first_imaginary[lane] = a.imaginary - b.imaginary;
      second_real[lane] = a.imaginary + b.imaginary;
      second_imaginary[lane] = b.real - a.real;
    }
    fft::transpose(first_real);
    fft::transpose(first_imaginary);
    fft::transpose(second_real);
    fft::transpose(second_imaginary);
    Value<V>* first = &row_value<V>(plane, block, first_row(layout, l));
    for (int row = 0; row < n; ++row) first[row] = {first_real[row], first_imaginary[row]};
    for (int row = 0; row < n; ++row) {
      first[n + row] = {second_real[row], second_imaginary[row]};
    }
  }
}

/// The other way, with real and imaginary parts exchanged.
template <class L>
__device__ __phase__ void load_rows(const Plane& plane, const Lines<typename L::Value>& lines) {
  using V = typename L::Value;
  constexpr int n = L::kCount;
  const PlaneLayout& layout = plane.layout;
  const std::uint32_t* place = plane.x.place;
  const std::uint32_t blocks = layout.columns / n;
  for (const auto i : simt::block_elements(blocks * layout.lines)) {
    const std::uint32_t block = i / layout.lines;
    const std::uint32_t l = i % layout.lines;
    V first_real[n], first_imaginary[n], second_real[n], second_imaginary[n];
    const Value<V>* first = &row_value<V>(plane, block, first_row(layout, l));
    for (int row = 0; row < n; ++row) {
      first_real[row] = first[row].real;
      first_imaginary[row] = first[row].imaginary;
      second_real[row] = first[n + row].real;
      second_imaginary[row] = first[n + row].imaginary;
    }
    fft::transpose(first_real);
    fft::transpose(first_imaginary);
    fft::transpose(second_real);
    fft::transpose(second_imaginary);
    for (int lane = 0; lane < n; ++lane) {
      const std::uint32_t k = block * n + lane;
      if (k > layout.nodes_x) break;
      lines.at(place[k], l) = {first_imaginary[lane] + second_real[lane],
                               first_real[lane] - second_imaginary[lane]};
      if (k == 0 || k == layout.nodes_x) continue;  // they are their own mirror images
      lines.at(place[plane.x.length - k], l) = {second_real[lane] - first_imaginary[lane],
                                                first_real[lane] + second_imaginary[lane]};
    }
  }
}

// ------------------------------------------------------------------------------------- kernels

// Some pairs of rows a block.
template <class L, class Charge>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    rows_forward_kernel(Plane plane, const Geometry* __restrict__ geometry,
                        Charge* __restrict__ charges, std::uint32_t copies, float unit) {
  using V = typename L::Value;
  if (geometry->overflow != 0) return;
  const auto lines = lines_in<V>(simt::shared<Smem>(), plane.layout);
  const PlaneLayout& layout = plane.layout;
  const std::size_t size = layout.node_values();
  fft::begin_forward<true>(plane.x, lines, [&](std::uint32_t x, std::uint32_t l) {
    Charge* own = charges + std::size_t{x} * layout.pitch + first_row(layout, l);
    return Value<V>{take<V>(own, size, copies, unit), take<V>(own + L::kCount, size, copies, unit)};
  });
  fft::end_forward(plane.x, lines);
  store_rows<L>(plane, lines);
}

// Some columns a block, there and back.
template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    columns_kernel(Plane plane, const Geometry* __restrict__ geometry,
                   const float* __restrict__ spectra, double* __restrict__ energies) {
  using V = typename L::Value;
  if (geometry->overflow != 0) return;
  Smem& smem = simt::shared<Smem>();
  const auto lines = lines_in<V>(smem, plane.layout);
  const PlaneLayout& layout = plane.layout;
  // As a number, not a pointer: registers are scarce here.
  const auto spectrum =
      static_cast<std::uint32_t>(geometry->level * layout.spectrum_values() / L::kCount);
  const std::uint32_t first = blockIdx.x * layout.lines;
  V energy(0.f);
  fft::begin_forward<true>(plane.y, lines, [&](std::uint32_t row, std::uint32_t l) {
    return row_value<V>(plane, first + l, row);
  });
  fft::turn_round(plane.y, lines, [&](std::uint32_t position, std::uint32_t l, const Value<V>& a) {
    const std::uint32_t place = spectrum + (first + l) * plane.y.length + position;
    const V factor = reinterpret_cast<const V*>(spectra)[place];
    const Value<V> product{a.real * factor, a.imaginary * factor};
    V own = product.real * a.real + product.imaginary * a.imaginary;
    // Rows are doubled, and columns stand for their mirror images too: half of 4 / 2. But for those
    // without one.
    if (first + l == 0) lane_of(own, 0) *= 0.5f;
    if (first + l == layout.nodes_x / L::kCount) lane_of(own, layout.nodes_x % L::kCount) *= 0.5f;
    energy += own;
    return product;
  });
  fft::end_backward(plane.y, lines, [&](std::uint32_t row, std::uint32_t l, const Value<V>& value) {
    row_value<V>(plane, first + l, row) = value;
  });
  const double total = simt::block_sum(static_cast<double>(sum(energy)), smem.energy);
  if (threadIdx.x == 0) energies[blockIdx.x] = total;
}

template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    rows_backward_kernel(Plane plane, const Geometry* __restrict__ geometry,
                         float* __restrict__ potential) {
  using V = typename L::Value;
  if (geometry->overflow != 0) return;
  const auto lines = lines_in<V>(simt::shared<Smem>(), plane.layout);
  const PlaneLayout& layout = plane.layout;
  load_rows<L>(plane, lines);
  simt::sync_block();  // frequencies are there
  fft::begin_backward(plane.x, lines);
  fft::end_backward(plane.x, lines, [&](std::uint32_t x, std::uint32_t l, const Value<V>& value) {
    auto* own =
        reinterpret_cast<V*>(potential + std::size_t{x} * layout.pitch + first_row(layout, l));
    own[0] = value.real;
    own[1] = value.imaginary;
  });
}

// ---- the interaction's spectrum -----------------------------------------------------------------

/// Of lines that other threads may have filled, and all of them.
template <class V>
__device__ __forceinline__ void forward_in_place(const fft::Line& line, const Lines<V>& lines) {
  simt::sync_block();  // the lines are there
  fft::begin_forward<false>(
      line, lines, [&](std::uint32_t position, std::uint32_t l) { return lines.at(position, l); });
  fft::end_forward(line, lines);
}

template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    interaction_rows_kernel(Plane plane, Interaction interaction, float spacing, float power) {
  using V = typename L::Value;
  const auto lines = lines_in<V>(simt::shared<Smem>(), plane.layout);
  const std::uint32_t side = plane.x.length;
  V lane_rows;
  for (int lane = 0; lane < L::kCount; ++lane) lane_of(lane_rows, lane) = static_cast<float>(lane);
  const bool plain = interaction != Interaction::minus_one;
  const auto interact = [&](float x, std::uint32_t first) {
    const V y = (lane_rows + V(static_cast<float>(first))) * V(spacing);
    V squared = V(x * x) + y * y;
    if (power == 1.f) {
      const V value = (plain ? V(1.f) : -squared) / (V(1.f) + squared);
      if (interaction != Interaction::softened) return value;
      return select(greater(V(kNearSquared), squared), softened(squared), value);
    }
    V raised;
    for (int lane = 0; lane < L::kCount; ++lane) {
      const float exponent = -power * log1pf(lane_of(squared, lane));
      lane_of(raised, lane) = plain ? expf(exponent) : expm1f(exponent);
    }
    return raised;
  };
  // Not as the transform asks for them: a compiler would have all this again for each of them.
  for (const auto i : simt::block_elements(side * plane.layout.lines)) {
    const std::uint32_t column = i / plane.layout.lines;
    const std::uint32_t l = i % plane.layout.lines;
    const std::uint32_t row = first_row(plane.layout, l);
    // On a cyclic grid the shorter way round.
    const float x = static_cast<float>(column < side - column ? column : side - column) * spacing;
    lines.at(column, l) = {interact(x, row), interact(x, row + L::kCount)};
  }
  forward_in_place(plane.x, lines);
  store_rows<L>(plane, lines);
}

/// Transform of a cubic B-spline sampled at the nodes, for frequency k of `side`, squared.
__device__ __forceinline__ float squared_spline(std::uint32_t k, std::uint32_t side) {
  const float turn = 2.f * static_cast<float>(k) / static_cast<float>(side);
  const float spline = (4.f + 2.f * simt::cos_pi(turn)) / 6.f;
  return spline * spline;
}

template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    interaction_columns_kernel(Plane plane, float* __restrict__ spectrum) {
  using V = typename L::Value;
  const auto lines = lines_in<V>(simt::shared<Smem>(), plane.layout);
  const PlaneLayout& layout = plane.layout;
  const std::uint32_t first = blockIdx.x * layout.lines;
  const std::uint32_t side = plane.y.length;
  for (const auto i : simt::block_elements(side * layout.lines)) {
    const std::uint32_t row = i / layout.lines;
    const std::uint32_t l = i % layout.lines;
    lines.at(row, l) = row_value<V>(plane, first + l, row < side - row ? row : side - row);
  }
  forward_in_place(plane.y, lines);
  // Of these rows, of the charges' and of the potential's all are doubled but the last.
  const float scale = 0.25f / (static_cast<float>(plane.x.length) * static_cast<float>(side));
  for (std::uint32_t l = 0; l < layout.lines; ++l) {
    V of_column;
    for (int lane = 0; lane < L::kCount; ++lane) {
      const std::uint32_t column = (first + l) * L::kCount + lane;
      lane_of(of_column, lane) =
          column <= layout.nodes_x ? scale / squared_spline(column, plane.x.length) : 0.f;
    }
    for (const auto k : simt::block_elements(side)) {
      const std::uint32_t place = plane.y.place[k];
      reinterpret_cast<V*>(spectrum)[std::size_t{first + l} * side + place] =
          lines.at(place, l).real * of_column * V(1.f / squared_spline(k, side));
    }
  }
}

// --------------------------------------------------------------------------------- their launches

simt::LaunchConfig shape(const PlaneLayout& layout, std::uint32_t lines, std::uint32_t length) {
  const std::size_t values = std::size_t{fft::padded(length)} * layout.lines;
  return simt::per_block(lines / layout.lines, kThreads,
                         sizeof(Smem) + values * layout.lanes * sizeof(Value<float>));
}
simt::LaunchConfig rows_shape(const Plane& plane, std::uint32_t rows) {
  return shape(plane.layout, rows / (2 * plane.layout.lanes), plane.x.length);
}
simt::LaunchConfig columns_shape(const Plane& plane) {
  return shape(plane.layout, plane.layout.columns / plane.layout.lanes, plane.y.length);
}

/// f(Lanes<n>{}) for the layout's n.
template <class F>
void with_lanes(const PlaneLayout& layout, F&& f) {
  if constexpr (kWidest > 1) {
    if (layout.lanes == kWidest) return f(Lanes<kWidest>{});
  }
  if constexpr (simt::kGpuShapes) f(Lanes<1>{});
}

std::uint32_t rounded_up(std::uint32_t value, std::uint32_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

PlaneLayout lay_out_plane(std::uint32_t side_x, std::uint32_t side_y) {
  const bool vectors = kWidest > 1 && simt::per_block(1, kThreads).block.count() == 1;
  PlaneLayout layout{.nodes_x = side_x / 2,
                     .nodes_y = side_y / 2,
                     .lanes = vectors ? kWidest : 1U,
                     .lines = vectors ? 1U : 2U,
                     .pitch = 0,
                     .columns = 0};
  // Two pairs of rows fill a sector of GPU memory, but two of the longest lines not every GPU's
  // shared memory.
  if constexpr (simt::kGpuShapes) {
    const auto fits = [&] {
      const auto bytes = shape(layout, layout.lines, std::max(side_x, side_y)).shared_bytes;
      return simt::resident_blocks(columns_kernel<Lanes<1>>, kThreads, bytes) > 0;
    };
    if (layout.lines > 1 && !fits()) layout.lines = 1;
  }
  layout.pitch = rounded_up(layout.nodes_y, 2 * layout.lanes * layout.lines);
  layout.columns = rounded_up(layout.nodes_x + 1, layout.lanes * layout.lines);
  return layout;
}

void interaction_spectrum(simt::StreamHandle stream, const Plane& plane, Interaction interaction,
                          float spacing, float* spectrum, Tail tail) {
  with_lanes(plane.layout, [&](auto lanes) {
    using L = decltype(lanes);
    simt::launch(stream, rows_shape(plane, plane.layout.row_pitch()), interaction_rows_kernel<L>,
                 plane, interaction, spacing, tail.power);
    simt::launch(stream, columns_shape(plane), interaction_columns_kernel<L>, plane, spectrum);
  });
}

std::size_t energy_count(const PlaneLayout& layout) {
  return layout.columns / layout.lanes / layout.lines;
}

template <class Charge>
void rows_forward(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
                  float charge_unit, std::span<Charge> charges) {
  const auto copies = simt::narrow(charges.size() / plane.layout.node_values());
  with_lanes(plane.layout, [&](auto lanes) {
    using L = decltype(lanes);
    simt::launch(stream, rows_shape(plane, plane.layout.pitch), rows_forward_kernel<L, Charge>,
                 plane, geometry, charges.data(), copies, charge_unit);
  });
}

void columns_there_and_back(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
                            const float* spectra, std::span<double> energies) {
  with_lanes(plane.layout, [&](auto lanes) {
    using L = decltype(lanes);
    simt::launch(stream, columns_shape(plane), columns_kernel<L>, plane, geometry, spectra,
                 energies.data());
  });
}

void rows_backward(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
                   float* potential) {
  with_lanes(plane.layout, [&](auto lanes) {
    using L = decltype(lanes);
    simt::launch(stream, rows_shape(plane, plane.layout.pitch), rows_backward_kernel<L>, plane,
                 geometry, potential);
  });
}

template <class Charge>
void convolve(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
              const float* spectra, float charge_unit, std::span<Charge> charges, float* potential,
              std::span<double> energies) {
  rows_forward(stream, plane, geometry, charge_unit, charges);
  columns_there_and_back(stream, plane, geometry, spectra, energies);
  rows_backward(stream, plane, geometry, potential);
}

template void rows_forward(simt::StreamHandle, const Plane&, const Geometry*, float,
                           std::span<std::uint32_t>);
template void rows_forward(simt::StreamHandle, const Plane&, const Geometry*, float,
                           std::span<std::uint64_t>);
template void convolve(simt::StreamHandle, const Plane&, const Geometry*, const float*, float,
                       std::span<std::uint32_t>, float*, std::span<double>);
template void convolve(simt::StreamHandle, const Plane&, const Geometry*, const float*, float,
                       std::span<std::uint64_t>, float*, std::span<double>);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
