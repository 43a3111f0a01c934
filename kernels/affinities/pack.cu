#include <algorithm>
#include <bit>

#include "kernels/affinities/pack.hpp"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kBlock = 256;

// ---------------------------------------------------------------------------- device functions

__device__ __forceinline__ std::uint32_t rounded_up(std::uint32_t value, std::uint32_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Entries of a row's strong part that are entries of the row.
__device__ std::uint32_t strong_count(const Affinities& affinities, std::uint32_t row,
                                      float threshold, std::uint32_t unit) {
  const std::uint32_t last = affinities.offsets[row + 1];
  std::uint32_t strong = 0;
  for (std::uint32_t e = affinities.offsets[row]; e < last; ++e) {
    if (affinities.values[e] >= threshold) ++strong;
  }
  strong = rounded_up(strong, unit);
  const std::uint32_t all = last - affinities.offsets[row];
  return strong < all ? strong : all;
}

/// To the nearest.
__device__ __forceinline__ std::uint16_t packed_value(float value, std::uint32_t base) {
  const std::uint32_t bits = simt::float_bits(value) + (1U << 11U);
  if (!(value > 0.f) || bits < base) return 0;
  const std::uint32_t packed = (bits - base) >> 12U;
  return static_cast<std::uint16_t>(packed < 0xFFFFU ? packed : 0xFFFFU);
}

// ------------------------------------------------------------------------------------- kernels

__global__ void sample_values_kernel(const float* __restrict__ values, std::uint64_t step,
                                     std::uint32_t count, float* __restrict__ sample) {
  for (const auto i : simt::elements(count)) sample[i] = values[i * step];
}

__global__ void count_packed_kernel(Affinities affinities, std::uint32_t points, float threshold,
                                    std::uint32_t unit, std::uint32_t* __restrict__ sizes,
                                    std::uint32_t* __restrict__ weak_sizes) {
  for (const auto i : simt::elements(points)) {
    const std::uint32_t all = affinities.offsets[i + 1] - affinities.offsets[i];
    const std::uint32_t strong = strong_count(affinities, i, threshold, unit);
    sizes[i] = rounded_up(strong, unit);
    weak_sizes[i] = rounded_up(all - strong, unit);
  }
}

__global__ void pack_affinities_kernel(Affinities affinities, std::uint32_t points, float threshold,
                                       std::uint32_t unit, PackedAffinities packed,
                                       std::uint16_t* __restrict__ values,
                                       std::uint16_t* __restrict__ columns,
                                       std::uint32_t* __restrict__ wide_columns,
                                       const std::uint32_t* __restrict__ rows,
                                       const std::uint32_t* __restrict__ places) {
  const auto put = [&](std::uint32_t to, std::uint16_t value, std::uint32_t column) {
    values[to] = value;
    if (columns != nullptr) {
      columns[to] = static_cast<std::uint16_t>(column);
    } else {
      wide_columns[to] = column;
    }
  };
  for (const auto i : simt::elements(points)) {
    const std::uint32_t row = rows != nullptr ? rows[i] : i;
    const std::uint32_t first = affinities.offsets[row];
    const std::uint32_t last = affinities.offsets[row + 1];
    std::uint32_t room = strong_count(affinities, row, threshold, unit);  // for strong ones ...
    for (std::uint32_t e = first; e < last; ++e) {
      if (affinities.values[e] >= threshold) --room;
    }
    std::uint32_t strong = packed.strong[i];
    std::uint32_t weak = packed.weak[i];
    for (std::uint32_t e = first; e < last; ++e) {
      std::uint32_t* part = &strong;
      if (!(affinities.values[e] >= threshold)) {  // ... then for as many weak ones as fill it up
        if (room > 0) {
          --room;
        } else {
          part = &weak;
        }
      }
      const std::uint32_t column = affinities.columns[e];
      put((*part)++, packed_value(affinities.values[e], packed.base),
          places != nullptr ? places[column] : column);
    }
    while (strong < packed.strong[i + 1]) put(strong++, 0, i);
    while (weak < packed.weak[i + 1]) put(weak++, 0, i);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::uint32_t packed_unit() {
#ifndef __CUDACC__
  if (simt::per_block(1, kBlock).block.count() == 1) return lanes::kWidestLanes;
#endif
  return kEntriesAtATime;
}

std::uint32_t packed_base(std::size_t points) {
  // 2^32 numbers of 12 bits shifted end one binary order above 1 / N: for what rounding adds.
  const std::uint32_t largest = std::bit_cast<std::uint32_t>(1.f / static_cast<float>(points));
  return (largest & 0x7F800000U) + (2U << 23U) - (32U << 23U);
}

void sample_values(simt::StreamHandle stream, const float* values, std::size_t step,
                   std::span<float> sample) {
  simt::launch(stream, simt::per_element(sample.size(), kBlock), sample_values_kernel, values,
               std::uint64_t{step}, simt::narrow(sample.size()), sample.data());
}

void count_packed(simt::StreamHandle stream, const Affinities& affinities, std::size_t points,
                  float threshold, std::uint32_t* sizes, std::uint32_t* weak_sizes) {
  simt::launch(stream, simt::per_element(points, kBlock), count_packed_kernel, affinities,
               simt::narrow(points), threshold, packed_unit(), sizes, weak_sizes);
}

void pack_affinities(simt::StreamHandle stream, const Affinities& affinities, std::size_t points,
                     float threshold, const PackedAffinities& packed, std::uint16_t* values,
                     std::uint16_t* columns, std::uint32_t* wide_columns, const std::uint32_t* rows,
                     const std::uint32_t* places) {
  simt::launch(stream, simt::per_element(points, kBlock), pack_affinities_kernel, affinities,
               simt::narrow(points), threshold, packed_unit(), packed, values, columns,
               wide_columns, rows, places);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
