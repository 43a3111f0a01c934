#include "kernels/pca/columns.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr std::uint32_t kGroupRows = 256;

// ------------------------------------------------------------------------------------- kernels

// One block a group of rows. Threads own columns, some side by side each, so a row is read side by
// side; each sum grows in row order.
__global__ void group_column_sums_kernel(const float* __restrict__ x, std::size_t rows,
                                         std::size_t columns, double* __restrict__ sums) {
  const std::size_t first = std::size_t{blockIdx.x} * kGroupRows;
  const std::size_t last = first + kGroupRows < rows ? first + kGroupRows : rows;
  double* group = sums + std::size_t{blockIdx.x} * columns;
  constexpr unsigned kWidth = simt::kVectorWidth;
  for (const auto bundle : simt::block_elements((columns + kWidth - 1) / kWidth)) {
    const std::size_t c = bundle * kWidth;
    double sum[kWidth] = {};
    if (c + kWidth <= columns) {
      for (std::size_t r = first; r < last; ++r) {
        const float* row = x + r * columns + c;
        for (unsigned w = 0; w < kWidth; ++w) sum[w] += static_cast<double>(row[w]);
      }
    } else {
      for (std::size_t r = first; r < last; ++r) {
        for (std::size_t w = 0; c + w < columns; ++w) {
          sum[w] += static_cast<double>(x[r * columns + c + w]);
        }
      }
    }
    for (unsigned w = 0; w < kWidth && c + w < columns; ++w) group[c + w] = sum[w];
  }
}

template <class Mean>
__global__ void column_means_kernel(const double* __restrict__ sums, std::size_t groups,
                                    std::size_t rows, std::size_t columns,
                                    Mean* __restrict__ means) {
  for (const auto c : simt::elements(columns)) {
    double sum = 0.0;
    for (std::size_t group = 0; group < groups; ++group) sum += sums[group * columns + c];
    means[c] = static_cast<Mean>(sum / static_cast<double>(rows));
  }
}

// No __restrict__ on x and y, which may be the same matrix.
__global__ void subtract_means_kernel(const float* x, std::size_t columns,
                                      const float* __restrict__ means, float* y) {
  const std::size_t row = std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) y[row + c] = x[row + c] - means[c];
}

template <class Real>
__global__ void centre_kernel(const float* __restrict__ x, std::size_t stride, std::size_t columns,
                              const double* __restrict__ means, Real* __restrict__ y) {
  const float* from = x + std::size_t{blockIdx.x} * stride;
  Real* to = y + std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) {
    to[c] = static_cast<Real>(static_cast<double>(from[c]) - means[c]);
  }
}

__global__ void add_means_kernel(float* __restrict__ y, std::size_t columns,
                                 const double* __restrict__ means) {
  float* row = y + std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) {
    row[c] = static_cast<float>(static_cast<double>(row[c]) + means[c]);
  }
}

__global__ void copy_columns_kernel(const double* __restrict__ x, std::size_t columns,
                                    double* __restrict__ y, std::size_t stride) {
  const double* from = x + std::size_t{blockIdx.x} * columns;
  double* to = y + std::size_t{blockIdx.x} * stride;
  for (const auto c : simt::block_elements(columns)) to[c] = from[c];
}

__global__ void diagonal_kernel(const double* __restrict__ a, std::size_t n,
                                double* __restrict__ values) {
  for (const auto i : simt::elements(n)) values[i] = a[i * (n + 1)];
}

__global__ void accumulate_kernel(const float* __restrict__ part, std::size_t count,
                                  double* __restrict__ sum) {
  for (const auto i : simt::elements(count)) sum[i] += static_cast<double>(part[i]);
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t column_sum_groups(std::size_t rows) {
  return (rows + kGroupRows - 1) / kGroupRows;
}

template <class Mean>
void column_means(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                  std::span<double> scratch, std::span<Mean> means) {
  const std::size_t groups = column_sum_groups(rows);
  simt::launch(stream, simt::per_block(groups, 256), group_column_sums_kernel, x, rows, columns,
               scratch.data());
  simt::launch(stream, simt::per_element(columns), column_means_kernel<Mean>, scratch.data(),
               groups, rows, columns, means.data());
}
template void column_means(simt::StreamHandle, const float*, std::size_t, std::size_t,
                           std::span<double>, std::span<float>);
template void column_means(simt::StreamHandle, const float*, std::size_t, std::size_t,
                           std::span<double>, std::span<double>);

void subtract_means(simt::StreamHandle stream, const float* x, std::size_t rows,
                    std::size_t columns, std::span<const float> means, float* y) {
  simt::launch(stream, simt::per_block(rows, 256), subtract_means_kernel, x, columns, means.data(),
               y);
}

template <class Real>
void centre(simt::StreamHandle stream, const float* x, std::size_t stride, std::size_t rows,
            std::size_t columns, const double* means, Real* y) {
  simt::launch(stream, simt::per_block(rows, 256), centre_kernel<Real>, x, stride, columns, means,
               y);
}
template void centre(simt::StreamHandle, const float*, std::size_t, std::size_t, std::size_t,
                     const double*, float*);
template void centre(simt::StreamHandle, const float*, std::size_t, std::size_t, std::size_t,
                     const double*, double*);

void add_means(simt::StreamHandle stream, float* y, std::size_t rows, std::size_t columns,
               const double* means) {
  simt::launch(stream, simt::per_block(rows, 256), add_means_kernel, y, columns, means);
}

void copy_columns(simt::StreamHandle stream, const double* x, std::size_t rows, std::size_t columns,
                  double* y, std::size_t stride) {
  simt::launch(stream, simt::per_block(rows, 256), copy_columns_kernel, x, columns, y, stride);
}

void diagonal(simt::StreamHandle stream, const double* a, std::size_t n, double* values) {
  simt::launch(stream, simt::per_element(n), diagonal_kernel, a, n, values);
}

void accumulate(simt::StreamHandle stream, std::span<const float> part, std::span<double> sum) {
  simt::launch(stream, simt::per_element(part.size()), accumulate_kernel, part.data(), part.size(),
               sum.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
