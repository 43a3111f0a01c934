#include <cmath>

#include "kernels/fft/line.cuh"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/space/convolve.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

using fft::Lines;
using fft::Value;
using lanes::Lanes;

constexpr unsigned kThreads = 128;          // of a block on a GPU
constexpr unsigned kBlocksOfProcessor = 3;  // at least: 168 registers a thread

struct alignas(128) Smem {
  float unused;
  // The block's lines follow.
};

// ---------------------------------------------------------------------------- device functions

/// Where the lines of a block begin: some of neighbouring z, of one block of columns.
struct LinesOfBlock {
  std::uint32_t column_block;
  std::uint32_t z;

  __device__ __forceinline__ explicit LinesOfBlock(const BoxLayout& layout) {
    const std::uint32_t blocks = layout.nodes / layout.rows.lines;
    column_block = blockIdx.x / blocks;
    z = blockIdx.x % blocks * layout.rows.lines;
  }
};

template <class V>
__device__ Lines<V> lines_in(Smem& smem, const BoxLayout& layout) {
  return {reinterpret_cast<Value<V>*>(&smem + 1), layout.rows.lines};
}

/// The rows' frequencies of a column block at (z, y = 0), and the columns' of a place in y at z.
template <class V>
__device__ __forceinline__ Value<V>* row_at(const SpaceVolume& volume, std::uint32_t column_block,
                                            std::uint32_t z) {
  const BoxLayout& layout = volume.layout;
  return reinterpret_cast<Value<V>*>(volume.rows) +
         std::size_t{column_block} * layout.rows.row_pitch() + std::size_t{z} * layout.pitch;
}
template <class V>
__device__ __forceinline__ Value<V>* column_at(const SpaceVolume& volume,
                                               std::uint32_t column_block, std::uint32_t place,
                                               std::uint32_t z) {
  const PlaneLayout& columns = volume.layout.columns;
  return reinterpret_cast<Value<V>*>(volume.columns) +
         (std::size_t{column_block} * volume.line.length + place) * columns.row_pitch() + z;
}

// ------------------------------------------------------------------------------------- kernels

// Some lines along y a block.
template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    lines_forward_kernel(SpaceVolume volume, const SpaceGeometry* __restrict__ geometry) {
  using V = typename L::Value;
  if (geometry->overflow != 0) return;
  const BoxLayout& layout = volume.layout;
  const auto lines = lines_in<V>(simt::shared<Smem>(), layout);
  const LinesOfBlock own(layout);
  fft::begin_forward<true>(volume.line, lines, [&](std::uint32_t y, std::uint32_t l) {
    return row_at<V>(volume, own.column_block, own.z + l)[y];
  });
  fft::end_forward(volume.line, lines);
  for (const auto i : simt::block_elements(volume.line.length * layout.rows.lines)) {
    const std::uint32_t place = i / layout.rows.lines;
    const std::uint32_t l = i % layout.rows.lines;
    *column_at<V>(volume, own.column_block, place, own.z + l) = lines.at(place, l);
  }
}

template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    lines_backward_kernel(SpaceVolume volume, const SpaceGeometry* __restrict__ geometry) {
  using V = typename L::Value;
  if (geometry->overflow != 0) return;
  const BoxLayout& layout = volume.layout;
  const auto lines = lines_in<V>(simt::shared<Smem>(), layout);
  const LinesOfBlock own(layout);
  for (const auto i : simt::block_elements(volume.line.length * layout.rows.lines)) {
    const std::uint32_t place = i / layout.rows.lines;
    const std::uint32_t l = i % layout.rows.lines;
    lines.at(place, l) = fft::swapped(*column_at<V>(volume, own.column_block, place, own.z + l));
  }
  simt::sync_block();  // frequencies are there
  fft::begin_backward(volume.line, lines);
  fft::end_backward(volume.line, lines,
                    [&](std::uint32_t y, std::uint32_t l, const Value<V>& value) {
                      row_at<V>(volume, own.column_block, own.z + l)[y] = value;
                    });
}

// ---- the interaction's spectrum: of an even function, so cosines along one axis after another --

__global__ void interaction_kernel(std::uint32_t count, Interaction interaction, double spacing,
                                   double power, double* __restrict__ values) {
  const bool plain = interaction == Interaction::plain;
  for (const auto i : simt::elements(count * count * count)) {
    const double x = spacing * (i / count / count);
    const double y = spacing * (i / count % count);
    const double z = spacing * (i % count);
    const double exponent = -power * log1p(x * x + y * y + z * z);
    values[i] = plain ? exp(exponent) : expm1(exponent);
  }
}

// to (y, z, frequency) = sum over x of cosines (x, frequency) from (x, y, z): after three of them
// axes are in their order again. A thread takes some z side by side.
__global__ void even_transform_kernel(std::uint32_t count, const double* __restrict__ cosines,
                                      const double* __restrict__ from, double* __restrict__ to) {
  constexpr unsigned kWidth = simt::kVectorWidth;
  const std::uint32_t bundles = (count + kWidth - 1) / kWidth;
  for (const auto i : simt::elements(count * bundles * count)) {
    const std::uint32_t frequency = i % count;
    const std::uint32_t y = i / count / bundles;
    const std::uint32_t z = i / count % bundles * kWidth;
    const std::uint32_t here = count - z < kWidth ? count - z : kWidth;
    const double* own = from + std::size_t{y} * count + z;
    double sum[kWidth] = {};
    const auto add = [&](std::uint32_t width) {
      for (std::uint32_t x = 0; x < count; ++x) {
        const double cosine = cosines[x * count + frequency];
        const double* row = own + std::size_t{x} * count * count;
        for (unsigned w = 0; w < width; ++w) sum[w] += cosine * row[w];
      }
    };
    if (here == kWidth) {
      add(kWidth);
    } else {
      add(here);
    }
    for (unsigned w = 0; w < here; ++w) {
      to[(std::size_t{y} * count + z + w) * count + frequency] = sum[w];
    }
  }
}

__global__ void space_spectrum_kernel(SpaceVolume volume, const double* __restrict__ splines,
                                      const double* __restrict__ values,
                                      float* __restrict__ spectrum) {
  const BoxLayout& layout = volume.layout;
  const std::uint32_t side = volume.line.length;
  const std::uint32_t count = side / 2 + 1;
  const std::uint32_t lanes = layout.rows.lanes;
  const std::uint32_t blocks = layout.rows.columns / lanes;
  // Rows of charges are doubled.
  const double scale = 0.5 / (double{1} * side * side * side);
  for (const auto i : simt::elements(blocks * side * side)) {
    const std::uint32_t block = i / side / side;
    const std::uint32_t y = i / side % side;
    const std::uint32_t z = i % side;
    const std::uint32_t folded_y = y < side - y ? y : side - y;
    const std::uint32_t folded_z = z < side - z ? z : side - z;
    const double across = scale * splines[folded_y] * splines[folded_z];
    float* own =
        spectrum +
        ((std::size_t{block} * side + volume.line.place[y]) * side + volume.line.place[z]) * lanes;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::uint32_t x = block * lanes + lane;
      own[lane] =
          x < count
              ? static_cast<float>(across * splines[x] *
                                   values[(std::size_t{x} * count + folded_y) * count + folded_z])
              : 0.f;
    }
  }
}

// --------------------------------------------------------------------------------- their launches

simt::LaunchConfig shape(const SpaceVolume& volume) {
  const PlaneLayout& rows = volume.layout.rows;
  const std::size_t values = std::size_t{fft::padded(volume.line.length)} * rows.lines;
  const std::uint32_t blocks = rows.columns / rows.lanes * (volume.layout.nodes / rows.lines);
  return simt::per_block(blocks, kThreads,
                         sizeof(Smem) + values * rows.lanes * sizeof(Value<float>));
}

/// f(Lanes<n>{}) for the layout's n.
template <class F>
void with_lanes([[maybe_unused]] const BoxLayout& layout, F&& f) {
#ifndef __CUDACC__
  if (layout.rows.lanes > 1) return f(Lanes<lanes::kWidestLanes>{});
#endif
  if constexpr (simt::kGpuShapes) f(Lanes<1>{});
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

BoxLayout lay_out_box(std::uint32_t side) {
  const PlaneLayout plane = lay_out_plane(side, side);
  BoxLayout layout{.rows = plane, .columns = plane, .nodes = side / 2, .pitch = plane.pitch};
  layout.rows.pitch = layout.nodes * plane.pitch;
  layout.columns.columns = plane.columns * side;
  return layout;
}

void interaction_spectrum(simt::StreamHandle stream, const SpaceVolume& volume,
                          const SpectrumTables& tables, Interaction interaction, float spacing,
                          float* spectrum, Tail tail) {
  const std::uint32_t count = volume.line.length / 2 + 1;
  const std::size_t values = std::size_t{count} * count * count;
  simt::launch(stream, simt::per_element(values), interaction_kernel, count, interaction,
               double{spacing}, double{tail.power}, tables.values);
  double* from = tables.values;
  double* to = tables.scratch;
  for (int axis = 0; axis < 3; ++axis) {
    simt::launch(stream, simt::per_element(values), even_transform_kernel, count, tables.cosines,
                 from, to);
    std::swap(from, to);
  }
  simt::launch(stream, simt::per_element(volume.layout.columns.spectrum_values()),
               space_spectrum_kernel, volume, tables.inverse_splines, from, spectrum);
}

template <class Charge>
void convolve(simt::StreamHandle stream, const SpaceVolume& volume, const SpaceGeometry* geometry,
              const float* spectra, float charge_unit, std::span<Charge> charges,
              float* potential) {
  const BoxLayout& layout = volume.layout;
  const Plane rows{layout.rows, volume.line, volume.line, volume.rows};
  const Plane columns{layout.columns, volume.line, volume.line, volume.columns};
  rows_forward(stream, rows, geometry, charge_unit, charges);
  with_lanes(layout, [&](auto lanes) {
    simt::launch(stream, shape(volume), lines_forward_kernel<decltype(lanes)>, volume, geometry);
  });
  columns_there_and_back(stream, columns, geometry, spectra, {volume.unused, 0});
  with_lanes(layout, [&](auto lanes) {
    simt::launch(stream, shape(volume), lines_backward_kernel<decltype(lanes)>, volume, geometry);
  });
  rows_backward(stream, rows, geometry, potential);
}

template void convolve(simt::StreamHandle, const SpaceVolume&, const SpaceGeometry*, const float*,
                       float, std::span<std::uint32_t>, float*);
template void convolve(simt::StreamHandle, const SpaceVolume&, const SpaceGeometry*, const float*,
                       float, std::span<std::uint64_t>, float*);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
