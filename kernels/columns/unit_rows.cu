#include <cmath>

#include "kernels/columns/unit_rows.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ---------------------------------------------------------------------------- device functions

constexpr unsigned kWidth = simt::kVectorWidth;

/// use(c, w) for each column c of a row, shared out among a warp's lanes; w = 0 .. kWidth - 1 side
/// by side.
template <class Use>
__device__ __forceinline__ void for_columns(std::size_t columns, Use use) {
  const std::size_t lanes = simt::warp_thread_count();
  const std::size_t bundles = columns / kWidth;
  for (std::size_t b = simt::lane(); b < bundles; b += lanes) {
    for (unsigned w = 0; w < kWidth; ++w) use(b * kWidth + w, w);
  }
  for (std::size_t c = bundles * kWidth + simt::lane(); c < columns; c += lanes) use(c, 0U);
}

/// The sum over a row's columns of value(c), in all lanes of its warp.
template <class Value>
__device__ __forceinline__ double row_sum(std::size_t columns, Value value) {
  double sum[kWidth] = {};
  for_columns(columns, [&](std::size_t c, unsigned w) { sum[w] += value(c); });
  for (unsigned w = 1; w < kWidth; ++w) sum[0] += sum[w];
  return simt::warp_sum_for_all(sum[0]);
}

// ------------------------------------------------------------------------------------- kernels

// A warp a row. Squares of floats, the smallest and the largest, are well within a double's range.
template <bool centred>
__global__ void unit_rows_kernel(const float* __restrict__ x, std::size_t rows, std::size_t columns,
                                 float* __restrict__ y) {
  for (const auto r : simt::warp_elements(rows)) {
    const float* row = x + r * columns;
    float* to = y + r * columns;
    // Measured from the first value, so that one value throughout is 0 from its mean, exactly.
    const double origin = centred ? static_cast<double>(row[0]) : 0.0;
    const auto from_origin = [=](std::size_t c) { return static_cast<double>(row[c]) - origin; };
    const double mean =
        centred ? row_sum(columns, from_origin) / static_cast<double>(columns) : 0.0;
    const auto part = [=](std::size_t c) { return from_origin(c) - mean; };
    const double squared = row_sum(columns, [=](std::size_t c) { return part(c) * part(c); });
    const double scale = squared > 0.0 ? 1.0 / sqrt(squared) : static_cast<double>(NAN);
    for_columns(columns, [=](std::size_t c, unsigned /*w*/) {
      to[c] = static_cast<float>(part(c) * scale);
    });
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void unit_rows(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
               bool centred, float* y) {
  const auto kernel = centred ? unit_rows_kernel<true> : unit_rows_kernel<false>;
  simt::launch(stream, simt::per_warp(rows), kernel, x, rows, columns, y);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
