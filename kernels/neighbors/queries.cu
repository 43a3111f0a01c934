#include <cmath>

#include "kernels/neighbors/distance.cuh"
#include "kernels/neighbors/queries.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kWidth = simt::kVectorWidth;

/// Rows of a group, of which there are eight times as many as neighbours, where there are so many.
__device__ __host__ inline std::uint32_t group_size(std::size_t rows, std::size_t k) {
  const std::size_t size = rows / (8 * k);
  return static_cast<std::uint32_t>(size < 1 ? 1 : size > 64 ? 64 : size);
}

/// Groups, some of the last ones empty.
__device__ __host__ inline std::size_t group_count(std::size_t rows, std::size_t k) {
  const std::size_t chunk = std::size_t{group_size(rows, k)} * kWidth;
  return (rows + chunk - 1) / chunk * kWidth;
}

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

/// Over a warp's lanes; in all of them.
template <class T, class Join>
__device__ __forceinline__ T over_lanes(T value, Join join) {
  if (simt::block_thread_count() == 1) return value;
  for (unsigned bits = simt::kWarpSize / 2; bits > 0; bits /= 2) {
    value = join(value, simt::shuffle_xor(value, bits));
  }
  return value;
}

/// The least upper bound of each group of rows. Groups take turns, kWidth of them side by side.
__device__ inline void group_minima(const Worker& worker, const Bounds& bounds, std::uint32_t rows,
                                    std::uint32_t group, float* minima) {
  const std::uint32_t chunk = group * kWidth;
  const std::uint32_t chunks = (rows + chunk - 1) / chunk;
  for (std::uint32_t c = worker.lane; c < chunks; c += worker.lanes) {
    float least[kWidth];
    for (unsigned w = 0; w < kWidth; ++w) least[w] = INFINITY;
    const std::uint32_t first = c * chunk;
    const std::uint32_t end = rows - first < chunk ? rows : first + chunk;
    std::uint32_t row = first;
    for (; row + kWidth <= end; row += kWidth) {
      for (unsigned w = 0; w < kWidth; ++w) {
        const float distance = bounds.upper(row + w);
        least[w] = distance < least[w] ? distance : least[w];
      }
    }
    for (unsigned w = 0; row + w < end; ++w) {
      const float distance = bounds.upper(row + w);
      least[w] = distance < least[w] ? distance : least[w];
    }
    for (unsigned w = 0; w < kWidth; ++w) minima[c * kWidth + w] = least[w];
  }
}

/// The k-th smallest of some values, of which there are k that are finite. Not __restrict__: the
/// read-only cache must not serve what this kernel wrote.
__device__ inline float kth_smallest(const Worker& worker, const float* values, std::uint32_t count,
                                     std::uint32_t k) {
  // Halving the bits of floats, which are in order as they are: a few steps whatever the scale.
  std::uint32_t low = 0;
  std::uint32_t high = simt::float_bits(INFINITY) - 1;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const float limit = simt::float_from_bits(middle);
    std::uint32_t within = 0;
    for (std::uint32_t i = worker.lane; i < count; i += worker.lanes) {
      within += values[i] <= limit ? 1U : 0U;
    }
    within = over_lanes(within, [](std::uint32_t a, std::uint32_t b) { return a + b; });
    if (within >= k) {
      high = middle;
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
    // A row of each of k groups is within the k-th smallest of their minima.
    float* minima = tile.minima + query * group_count(tile.rows, k);
    group_minima(worker, bounds, rows, group_size(tile.rows, k), minima);
    simt::sync_warp();  // the minima are there, and the count is 0
    const auto groups = static_cast<std::uint32_t>(group_count(tile.rows, k));
    const float reach = kth_smallest(worker, minima, groups, k);
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

std::size_t query_groups(std::size_t rows, std::size_t k) {
  return group_count(rows, k);
}

void nearest_of_tile(simt::StreamHandle stream, const QueryTile& tile, std::size_t k,
                     std::uint32_t* indices, float* squared_distances) {
  (void)simt::narrow(tile.rows);
  simt::launch(stream, simt::per_warp(tile.queries), nearest_of_tile_kernel, tile, simt::narrow(k),
               indices, squared_distances);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
