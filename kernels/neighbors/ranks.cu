#include "kernels/neighbors/ranks.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---------------------------------------------------------------------------- device functions

/// Orders a row's others as their distance does: |b|^2 - 2 a b, the squared distance but for |a|^2.
__device__ __forceinline__ float closeness(float product, float norm) {
  return norm - 2.f * product;
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

// A warp a neighbour: counts the columns that come before it.
__global__ void neighbor_ranks_kernel(const float* __restrict__ products,
                                      const float* __restrict__ norms, std::uint32_t first_row,
                                      std::size_t rows, std::uint32_t columns,
                                      const std::uint32_t* __restrict__ neighbors, std::size_t k,
                                      std::uint32_t* __restrict__ ranks) {
  constexpr unsigned kWidth = simt::kVectorWidth;
  const std::uint32_t step = simt::warp_thread_count() * kWidth;
  const std::uint32_t whole = columns / step * step;
  for (const auto entry : simt::warp_elements(rows * k)) {
    const std::size_t r = entry / k;
    const float* row_products = products + r * columns;
    const std::uint32_t self = first_row + static_cast<std::uint32_t>(r);
    const std::uint32_t neighbor = neighbors[entry];
    const float own = closeness(row_products[neighbor], norms[neighbor]);
    const auto before = [&](std::uint32_t c) {
      const float other = closeness(row_products[c], norms[c]);
      const bool nearer = (other < own) | ((other == own) & (c < neighbor));
      return static_cast<std::uint32_t>(nearer & (c != self));
    };
    std::uint32_t counts[kWidth] = {};
    for (std::uint32_t c = simt::lane() * kWidth; c < whole; c += step) {
      for (unsigned w = 0; w < kWidth; ++w) counts[w] += before(c + w);
    }
    for (std::uint32_t c = whole + simt::lane(); c < columns; c += simt::warp_thread_count()) {
      counts[0] += before(c);
    }
    std::uint32_t count = 0;
    for (const std::uint32_t part : counts) count += part;
    count = simt::warp_sum(count);
    if (simt::lane() == 0) ranks[entry] = count + 1;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void squared_norms(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                   float* norms) {
  simt::launch(stream, simt::per_warp(rows), squared_norms_kernel, x, rows, columns, norms);
}

void neighbor_ranks(simt::StreamHandle stream, const float* products, const float* norms,
                    std::size_t first_row, std::size_t rows, std::size_t columns,
                    const std::uint32_t* neighbors, std::size_t k, std::uint32_t* ranks) {
  simt::launch(stream, simt::per_warp(rows * k), neighbor_ranks_kernel, products, norms,
               simt::narrow(first_row), rows, simt::narrow(columns), neighbors, k, ranks);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
