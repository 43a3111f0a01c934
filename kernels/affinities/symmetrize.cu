#ifndef __CUDACC__
#include <algorithm>
#endif

#include "kernels/affinities/symmetrize.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kWidth = simt::kVectorWidth;

// ---------------------------------------------------------------------------- device functions

#ifndef __CUDACC__

/// Of so many a thread alone had rather let the library sort.
constexpr std::uint32_t kMany = 512;

void sort_row(const std::uint32_t* indices, const float* probabilities, std::uint32_t k,
              float scale, std::uint32_t* columns, float* values) {
  std::uint32_t* end = std::copy(indices, indices + k, columns);
  std::sort(columns, end);
  for (std::uint32_t j = 0; j < k; ++j) {
    values[std::lower_bound(columns, end, indices[j]) - columns] = scale * probabilities[j];
  }
}

#endif

/// Whose turn it is as a row is merged: the neighbour's, a place's of its column, or, where
/// these are one entry of P, both. Row j of C has the places from j k on.
struct Turn {
  bool own;
  bool incoming;
};

__device__ __forceinline__ Turn turn_of(std::uint32_t column, std::uint32_t place,
                                        std::uint32_t k) {
  const std::uint32_t first = column * k;
  return {place >= first, place < first + k};
}

// ------------------------------------------------------------------------------------- kernels

// One warp a row: an index goes behind all that are smaller.
__global__ void sort_rows_kernel(const std::uint32_t* __restrict__ indices,
                                 const float* __restrict__ probabilities, std::size_t rows,
                                 std::uint32_t k, std::uint32_t* __restrict__ columns,
                                 float* __restrict__ values) {
  const float scale = 0.5f / static_cast<float>(rows);
  for (const auto row : simt::warp_elements(rows)) {
    const std::size_t start = row * k;
    const std::uint32_t* given = indices + start;
#ifndef __CUDACC__
    if (k > kMany && simt::warp_thread_count() == 1) {
      sort_row(given, probabilities + start, k, scale, columns + start, values + start);
      continue;
    }
#endif
    for (std::uint32_t first = simt::lane() * kWidth; first < k;
         first += simt::warp_thread_count() * kWidth) {
      const std::uint32_t count = k - first < kWidth ? k - first : kWidth;
      std::uint32_t own[kWidth];
      std::uint32_t smaller[kWidth] = {};
      for (unsigned w = 0; w < kWidth; ++w) own[w] = given[first + (w < count ? w : 0)];
      for (std::uint32_t j = 0; j < k; ++j) {
        const std::uint32_t other = given[j];
        for (unsigned w = 0; w < kWidth; ++w) smaller[w] += other < own[w] ? 1 : 0;
      }
      for (unsigned w = 0; w < count; ++w) {
        columns[start + smaller[w]] = own[w];
        values[start + smaller[w]] = scale * probabilities[start + first + w];
      }
    }
  }
}

// One thread a row, here and below.
__global__ void count_entries_kernel(DirectedAffinities directed,
                                     std::uint32_t* __restrict__ sizes) {
  const std::uint32_t k = directed.k;
  for (const auto row : simt::elements(directed.rows)) {
    const std::uint32_t* own = directed.columns + std::size_t{row} * k;
    const std::uint32_t* last_own = own + k;
    const std::uint32_t* incoming = directed.places + directed.begins[row];
    const std::uint32_t* last_incoming = directed.places + directed.begins[row + 1];
    const auto most = static_cast<std::uint32_t>(last_incoming - incoming) + k;
    std::uint32_t both = 0;
    while (own < last_own && incoming < last_incoming) {
      const Turn turn = turn_of(*own, *incoming, k);
      both += turn.own && turn.incoming ? 1 : 0;
      own += turn.own ? 1 : 0;
      incoming += turn.incoming ? 1 : 0;
    }
    sizes[row] = most - both;
  }
}

__global__ void merge_entries_kernel(DirectedAffinities directed,
                                     const std::uint32_t* __restrict__ offsets,
                                     std::uint32_t* __restrict__ columns,
                                     float* __restrict__ values) {
  const std::uint32_t k = directed.k;
  for (const auto row : simt::elements(directed.rows)) {
    std::size_t own = std::size_t{row} * k;
    const std::size_t last_own = own + k;
    std::uint32_t incoming = directed.begins[row];
    const std::uint32_t last_incoming = directed.begins[row + 1];
    std::uint32_t to = offsets[row];
    while (own < last_own && incoming < last_incoming) {
      const std::uint32_t column = directed.columns[own];
      const std::uint32_t place = directed.places[incoming];
      const float value = directed.values[own];
      const float other = directed.values[place];
      const Turn turn = turn_of(column, place, k);
      columns[to] = turn.own ? column : place / k;
      values[to++] = (turn.own ? value : 0.f) + (turn.incoming ? other : 0.f);
      own += turn.own ? 1 : 0;
      incoming += turn.incoming ? 1 : 0;
    }
    for (; own < last_own; ++own) {
      columns[to] = directed.columns[own];
      values[to++] = directed.values[own];
    }
    for (; incoming < last_incoming; ++incoming) {
      const std::uint32_t place = directed.places[incoming];
      columns[to] = place / k;
      values[to++] = directed.values[place];
    }
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void sort_rows(simt::StreamHandle stream, const std::uint32_t* indices, const float* probabilities,
               std::size_t rows, std::size_t k, std::uint32_t* columns, float* values) {
  simt::launch(stream, simt::per_warp(rows), sort_rows_kernel, indices, probabilities, rows,
               simt::narrow(k), columns, values);
}

void count_entries(simt::StreamHandle stream, const DirectedAffinities& directed,
                   std::uint32_t* sizes) {
  simt::launch(stream, simt::per_element(directed.rows), count_entries_kernel, directed, sizes);
}

void merge_entries(simt::StreamHandle stream, const DirectedAffinities& directed,
                   const std::uint32_t* offsets, std::uint32_t* columns, float* values) {
  simt::launch(stream, simt::per_element(directed.rows), merge_entries_kernel, directed, offsets,
               columns, values);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
