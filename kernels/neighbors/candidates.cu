#include <cmath>

#include "kernels/neighbors/candidates.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/simt/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr unsigned kBlock = 128;
/// Threads that offer: a round of theirs is kBlock columns, for which a list always has room.
constexpr unsigned kOfferBlock = kBlock / simt::kVectorWidth;

// ---------------------------------------------------------------------------- device functions

__device__ __forceinline__ Candidate pack(float squared_distance, std::uint32_t index) {
  return (Candidate{simt::float_bits(squared_distance)} << 32) | index;
}

/// As fmaxf(x, 0), which a host compiler turns into a call.
__device__ __forceinline__ float not_negative(float x) {
  return x > 0.f ? x : 0.f;
}

__device__ __forceinline__ float distance_of(Candidate candidate) {
  return simt::float_from_bits(static_cast<std::uint32_t>(candidate >> 32));
}

/// The squared distance of two rows, summed by the lanes of a warp; valid in lane 0.
__device__ float squared_distance(const float* a, const float* b, std::size_t features) {
  constexpr unsigned kWidth = simt::kVectorWidth;
  float sums[kWidth] = {};
  const std::size_t step = std::size_t{simt::warp_thread_count()} * kWidth;
  const std::size_t whole = features / step * step;
  for (std::size_t f = std::size_t{simt::lane()} * kWidth; f < whole; f += step) {
    for (unsigned w = 0; w < kWidth; ++w) {
      const float difference = a[f + w] - b[f + w];
      sums[w] += difference * difference;
    }
  }
  for (std::size_t f = whole + simt::lane(); f < features; f += simt::warp_thread_count()) {
    const float difference = a[f] - b[f];
    sums[0] += difference * difference;
  }
  float sum = 0.f;
  for (const float part : sums) sum += part;
  return simt::warp_sum(sum);
}

// Small lists let more blocks share a multiprocessor.
constexpr unsigned kSmall = 1024;
constexpr unsigned kLarge = 4096;

template <unsigned capacity>
struct Smem {
  Candidate list[capacity];
  Candidate bound;
  std::uint32_t count;
};
static_assert(sizeof(Smem<kLarge>) <= 48 * 1024);

/// Cuts the list to its `wanted` smallest once it holds more. All threads call it, in step.
template <unsigned capacity>
__device__ void prune(Smem<capacity>& smem, std::uint32_t wanted) {
  const std::uint32_t count = smem.count;
  if (count <= wanted) return;
  simt::block_keep_smallest(smem.list, count, wanted, capacity);
  if (threadIdx.x == 0) {
    smem.count = wanted;
    smem.bound = smem.list[wanted - 1];
  }
  simt::sync_block();
}

/// Whether no row outside the list can be nearer than its k-th, `farthest`: those that were turned
/// away seemed to be at `bound` or beyond. Only rows within `farthest` of this one could do harm,
/// and those are no longer than this one's length and that. Rounding moves sums of n products, of
/// which the distances seen were made, by n half units of the last place at most.
__device__ __forceinline__ bool certain(float farthest, float bound, float norm,
                                        std::size_t features) {
  const float length = sqrtf(norm) + sqrtf(farthest);
  const float products = norm + length * length;
  const float error = static_cast<float>(features + 4) * 6e-8f * 2.f * products;
  return farthest + error < bound;
}

// ------------------------------------------------------------------------------------- kernels

__global__ void squared_norms_kernel(const float* __restrict__ x, std::size_t rows,
                                     std::size_t columns, float* __restrict__ norms) {
  for (const auto row : simt::warp_elements(rows)) {
    float sum = 0.f;
    for (std::size_t c = simt::lane(); c < columns; c += simt::warp_thread_count()) {
      const float value = x[row * columns + c];
      sum += value * value;
    }
    sum = simt::warp_sum(sum);
    if (simt::lane() == 0) norms[row] = sum;
  }
}

__global__ void clear_candidates_kernel(CandidateLists lists, std::size_t rows) {
  for (const auto row : simt::elements(rows)) {
    lists.kept[row] = 0;
    lists.bound[row] = ~Candidate{0};
  }
}

// One block a row. Threads look at some adjacent columns each, in rounds; who beats the bound
// appends. In what order they append does not matter: lists are sets until they are sorted. Most
// columns are turned away, and those of a thread together.
template <unsigned capacity>
__global__ void offer_candidates_kernel(const float* __restrict__ products,
                                        const float* __restrict__ norms, std::uint32_t first_row,
                                        std::uint32_t first_column, std::uint32_t columns,
                                        std::uint32_t wanted, CandidateLists lists) {
  auto& smem = simt::shared<Smem<capacity>>();
  const std::size_t group_row = blockIdx.x;
  const std::uint32_t row = first_row + blockIdx.x;
  Candidate* stored = lists.lists + group_row * capacity;
  if (threadIdx.x == 0) {
    smem.count = lists.kept[group_row];
    smem.bound = lists.bound[group_row];
  }
  simt::sync_block();  // the count is there
  for (const auto i : simt::block_elements(smem.count)) smem.list[i] = stored[i];
  simt::sync_block();  // the list is whole before anyone appends

  const float* row_products = products + group_row * columns;
  const float norm = norms[row];
  const float* column_norms = norms + first_column;
  constexpr unsigned kWidth = simt::kVectorWidth;
  const std::uint32_t round = blockDim.x * kWidth;
  for (std::uint32_t base = 0; base < columns; base += round) {
    const std::uint32_t first = base + threadIdx.x * kWidth;
    const std::uint32_t left = first < columns ? columns - first : 0;
    const std::uint32_t mine = left < kWidth ? left : kWidth;
    const Candidate bound = smem.bound;
    float distances[kWidth];
    float nearest = INFINITY;
    if (mine == kWidth) {
      for (unsigned w = 0; w < kWidth; ++w) {
        distances[w] = not_negative(norm + column_norms[first + w] - 2.f * row_products[first + w]);
        nearest = distances[w] < nearest ? distances[w] : nearest;
      }
    } else {
      for (unsigned w = 0; w < mine; ++w) {
        distances[w] = not_negative(norm + column_norms[first + w] - 2.f * row_products[first + w]);
        nearest = 0.f;  // not worth a look
      }
    }
    if (pack(nearest, 0) < bound) {
      for (unsigned w = 0; w < mine; ++w) {
        const std::uint32_t column = first_column + first + w;
        const Candidate candidate = pack(distances[w], column);
        if (candidate < bound && column != row) {
          smem.list[simt::atomic_add(&smem.count, 1u)] = candidate;
        }
      }
    }
    simt::sync_block();  // all of this round have appended
    if (smem.count + round > capacity) prune(smem, wanted);
    simt::sync_block();  // nobody appends while another still reads the count
  }
  for (const auto i : simt::block_elements(smem.count)) stored[i] = smem.list[i];
  if (threadIdx.x == 0) {
    lists.kept[group_row] = smem.count;
    lists.bound[group_row] = smem.bound;
  }
}

// One block a row, one warp a candidate. Where products have lost too many digits to say which rows
// are candidates at all (far clusters, far outliers, many duplicates), all rows are.
template <unsigned capacity>
__global__ void finish_candidates_kernel(const float* __restrict__ x,
                                         const float* __restrict__ norms, std::uint32_t rows,
                                         std::size_t features, std::uint32_t first_row,
                                         std::uint32_t wanted, std::uint32_t k,
                                         CandidateLists lists, std::uint32_t* __restrict__ indices,
                                         float* __restrict__ squared_distances) {
  auto& smem = simt::shared<Smem<capacity>>();
  const std::size_t group_row = blockIdx.x;
  const std::size_t row = first_row + group_row;
  const float* here = x + row * features;
  const Candidate* stored = lists.lists + group_row * capacity;
  if (threadIdx.x == 0) {
    smem.count = lists.kept[group_row];
    smem.bound = lists.bound[group_row];
  }
  simt::sync_block();
  for (const auto i : simt::block_elements(smem.count)) smem.list[i] = stored[i];
  simt::sync_block();
  prune(smem, wanted);
  std::uint32_t count = smem.count;
  const std::uint32_t warps = simt::block_warp_count();
  for (std::uint32_t i = simt::warp(); i < count; i += warps) {
    const auto column = static_cast<std::uint32_t>(smem.list[i]);
    simt::sync_warp();  // all lanes have read the entry that lane 0 is about to replace
    const float distance = squared_distance(here, x + column * features, features);
    if (simt::lane() == 0) smem.list[i] = pack(distance, column);
  }
  simt::sync_block();  // all distances are there to be sorted
  simt::block_sort(smem.list, count, capacity);

  if (count < rows - 1 &&
      !certain(distance_of(smem.list[k - 1]), distance_of(smem.bound), norms[row], features)) {
    simt::sync_block();  // all have seen the list that thread 0 is about to empty
    if (threadIdx.x == 0) {
      smem.count = 0;
      smem.bound = ~Candidate{0};
    }
    simt::sync_block();
    for (std::uint32_t base = 0; base < rows; base += warps) {
      const std::uint32_t column = base + simt::warp();
      if (column < rows && column != row) {
        const float distance = squared_distance(here, x + std::size_t{column} * features, features);
        const Candidate candidate = pack(distance, column);
        if (simt::lane() == 0 && candidate < smem.bound) {
          smem.list[simt::atomic_add(&smem.count, 1u)] = candidate;
        }
      }
      simt::sync_block();  // all of this round have appended
      if (smem.count + warps > capacity) prune(smem, wanted);
      simt::sync_block();  // nobody appends while another still reads the count
    }
    count = smem.count;
    simt::block_sort(smem.list, count, capacity);
  }
  for (const auto i : simt::block_elements(k)) {
    indices[row * k + i] = static_cast<std::uint32_t>(smem.list[i]);
    squared_distances[row * k + i] = distance_of(smem.list[i]);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t candidate_capacity(std::size_t wanted) {
  return wanted <= kSmall / 2 ? kSmall : kLarge;
}

void squared_norms(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                   float* norms) {
  simt::launch(stream, simt::per_warp(rows), squared_norms_kernel, x, rows, columns, norms);
}

void clear_candidates(simt::StreamHandle stream, CandidateLists lists, std::size_t rows) {
  simt::launch(stream, simt::per_element(rows), clear_candidates_kernel, lists, rows);
}

void offer_candidates(simt::StreamHandle stream, const float* products, const float* norms,
                      std::size_t first_row, std::size_t rows, std::size_t first_column,
                      std::size_t columns, std::size_t wanted, CandidateLists lists) {
  const bool small = lists.capacity == kSmall;
  simt::launch(
      stream,
      simt::per_block(rows, kOfferBlock, small ? sizeof(Smem<kSmall>) : sizeof(Smem<kLarge>)),
      small ? offer_candidates_kernel<kSmall> : offer_candidates_kernel<kLarge>, products, norms,
      simt::narrow(first_row), simt::narrow(first_column), simt::narrow(columns),
      simt::narrow(wanted), lists);
}

void finish_candidates(simt::StreamHandle stream, const float* x, const float* norms,
                       std::size_t all_rows, std::size_t features, std::size_t first_row,
                       std::size_t rows, std::size_t wanted, std::size_t k, CandidateLists lists,
                       std::uint32_t* indices, float* squared_distances) {
  const bool small = lists.capacity == kSmall;
  simt::launch(stream,
               simt::per_block(rows, kBlock, small ? sizeof(Smem<kSmall>) : sizeof(Smem<kLarge>)),
               small ? finish_candidates_kernel<kSmall> : finish_candidates_kernel<kLarge>, x,
               norms, simt::narrow(all_rows), features, simt::narrow(first_row),
               simt::narrow(wanted), simt::narrow(k), lists, indices, squared_distances);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
