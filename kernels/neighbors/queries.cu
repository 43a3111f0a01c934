#include <cmath>

#include "kernels/neighbors/distance.cuh"
#include "kernels/neighbors/queries.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kWidth = simt::kVectorWidth;

// ---------------------------------------------------------------------------- device functions

/// What a query's products say about one row of the data after another.
struct Bounds {
  const float* products;
  const float* norms;
  float own;
  float slack;

  /// No less than the distance as it is measured, and no more.
  __device__ __forceinline__ float upper(std::uint32_t row) const {
    const float distance = (own + norms[row]) * (1.f + slack) - 2.f * products[row];
    return distance > 0.f ? distance : 0.f;
  }
  __device__ __forceinline__ float lower(std::uint32_t row) const {
    return (own + norms[row]) * (1.f - slack) - 2.f * products[row];
  }
};

/// work(row, place) for the lane's share of the rows, `place` below kWidth: rows side by side have
/// places side by side.
template <class Work>
__device__ __forceinline__ void for_each_row(const Worker& worker, std::uint32_t rows, Work work) {
  const std::uint32_t step = worker.lanes * kWidth;
  const std::uint32_t whole = rows / step * step;
  for (std::uint32_t row = worker.lane * kWidth; row < whole; row += step) {
    for (unsigned w = 0; w < kWidth; ++w) work(row + w, w);
  }
  for (std::uint32_t row = whole + worker.lane; row < rows; row += worker.lanes) work(row, 0);
}

/// Over the lanes and their places; in all lanes.
template <class T, class Join>
__device__ __forceinline__ T over_all(const T (&parts)[kWidth], Join join) {
  T all = parts[0];
  for (unsigned w = 1; w < kWidth; ++w) all = join(all, parts[w]);
  for (unsigned bits = simt::kWarpSize / 2; bits > 0; bits /= 2) {
    if (simt::block_thread_count() > 1) all = join(all, simt::shuffle_xor(all, bits));
  }
  return all;
}

/// A distance that at least k rows are no farther than, and not many more.
__device__ inline float enough(const Worker& worker, const Bounds& bounds, std::uint32_t rows,
                               std::uint32_t k) {
  float nearest[kWidth];
  float farthest[kWidth];
  for (unsigned w = 0; w < kWidth; ++w) {
    nearest[w] = INFINITY;
    farthest[w] = 0.f;
  }
  for_each_row(worker, rows, [&](std::uint32_t row, unsigned w) {
    const float distance = bounds.upper(row);
    nearest[w] = distance < nearest[w] ? distance : nearest[w];
    farthest[w] = distance > farthest[w] ? distance : farthest[w];
  });
  // Halving the bits of floats, which are in order as they are: a few steps whatever the scale.
  std::uint32_t low =
      simt::float_bits(over_all(nearest, [](float a, float b) { return a < b ? a : b; }));
  std::uint32_t high =
      simt::float_bits(over_all(farthest, [](float a, float b) { return a > b ? a : b; }));
  const std::uint32_t few = 2 * k + 32;
  std::uint32_t within = rows;
  while (low < high && within > few) {
    const std::uint32_t middle = low + (high - low) / 2;
    const float distance = simt::float_from_bits(middle);
    std::uint32_t counts[kWidth] = {};
    for_each_row(worker, rows, [&](std::uint32_t row, unsigned w) {
      counts[w] += bounds.upper(row) <= distance ? 1U : 0U;
    });
    const std::uint32_t count =
        over_all(counts, [](std::uint32_t a, std::uint32_t b) { return a + b; });
    if (count >= k) {
      high = middle;
      within = count;
    } else {
      low = middle + 1;
    }
  }
  return simt::float_from_bits(high);
}

// ------------------------------------------------------------------------------------- kernels

// A warp a query: who may be near, how far they are, and in which order they come.
__global__ void nearest_of_tile_kernel(QueryTile tile, std::uint32_t k,
                                       std::uint32_t* __restrict__ indices,
                                       float* __restrict__ squared_distances) {
  const Worker worker;
  const auto rows = static_cast<std::uint32_t>(tile.rows);
  const auto width = static_cast<std::uint32_t>(tile.width);
  for (const auto query : simt::warp_elements(tile.queries)) {
    const Bounds bounds{tile.products + query * tile.rows, tile.data_norms, tile.asked_norms[query],
                        tile.slack};
    std::uint64_t* keys = tile.candidates + query * tile.rows;
    std::uint32_t* count = tile.counts + query;
    if (worker.lane == 0) *count = 0;
    const float reach = enough(worker, bounds, rows, k);
    simt::sync_warp();  // the count is 0
    for (std::uint32_t row = worker.lane; row < rows; row += worker.lanes) {
      if (bounds.lower(row) <= reach) keys[worker.add(count, 1)] = row;
    }
    simt::sync_warp();  // the candidates are there
    const std::uint32_t candidates = *count;
    const float* asked = tile.asked + query * tile.width;
    for (std::uint32_t i = 0; i < candidates; ++i) {
      const auto row = static_cast<std::uint32_t>(keys[i]);
      const float distance =
          squared_distance(worker, asked, tile.data + std::size_t{row} * tile.width, width);
      simt::sync_warp();  // all have read the row
      if (worker.lane == 0) keys[i] = std::uint64_t{simt::float_bits(distance)} << 32 | row;
    }
    simt::sync_warp();  // all keys are there
    for (std::uint32_t i = worker.lane; i < candidates; i += worker.lanes) {
      const std::uint64_t key = keys[i];
      std::uint64_t place = 0;
      for (std::uint32_t j = 0; j < candidates; ++j) place += keys[j] < key ? 1U : 0U;
      if (place >= k) continue;
      indices[query * k + place] = static_cast<std::uint32_t>(key);
      squared_distances[query * k + place] =
          simt::float_from_bits(static_cast<std::uint32_t>(key >> 32));
    }
  }
}

__global__ void pad_rows_kernel(const float* __restrict__ x, std::size_t rows, std::size_t features,
                                std::size_t width, float* __restrict__ padded) {
  for (const auto i : simt::elements(rows * width)) {
    const std::size_t column = i % width;
    padded[i] = column < features ? x[i / width * features + column] : 0.f;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void pad_rows(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t features,
              std::size_t width, float* padded) {
  simt::launch(stream, simt::per_element(rows * width), pad_rows_kernel, x, rows, features, width,
               padded);
}

float product_slack(std::size_t features) {
  // Products and squared lengths are off by n roundings of |a| |b| and |a|^2, the middle that was
  // taken away costs four of (|a| + |b|)^2, and what is measured n / 4 + 400 of 2 (|a|^2 + |b|^2):
  // docs/numerics.md.
  return static_cast<float>((3.0 * static_cast<double>(features) + 1024.0) * 0x1p-24);
}

void nearest_of_tile(simt::StreamHandle stream, const QueryTile& tile, std::size_t k,
                     std::uint32_t* indices, float* squared_distances) {
  (void)simt::narrow(tile.rows);
  simt::launch(stream, simt::per_warp(tile.queries), nearest_of_tile_kernel, tile, simt::narrow(k),
               indices, squared_distances);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
