// What PCA does to the columns of a row-major matrix, besides matrix products.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Groups of rows that `column_means` sums one block each.
[[nodiscard]] std::size_t column_sum_groups(std::size_t rows);

/// means[c] = mean of column c of x (rows, columns), summed in double in a fixed order. Not finite
/// exactly where a value of the column is not. `scratch`: column_sum_groups(rows) * columns values.
template <class Mean>
void column_means(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                  std::span<double> scratch, std::span<Mean> means);
extern template void column_means(simt::StreamHandle, const float*, std::size_t, std::size_t,
                                  std::span<double>, std::span<float>);
extern template void column_means(simt::StreamHandle, const float*, std::size_t, std::size_t,
                                  std::span<double>, std::span<double>);

/// y[r, c] = x[r, c] - means[c]. In place (y == x) too.
void subtract_means(simt::StreamHandle stream, const float* x, std::size_t rows,
                    std::size_t columns, std::span<const float> means, float* y);

/// The same to the last digit of Real however far the mean is from 0: means and differences are
/// doubles. Rows of x are `stride` values apart, those of y (rows, columns) packed.
template <class Real>
void centre(simt::StreamHandle stream, const float* x, std::size_t stride, std::size_t rows,
            std::size_t columns, const double* means, Real* y);
extern template void centre(simt::StreamHandle, const float*, std::size_t, std::size_t, std::size_t,
                            const double*, float*);
extern template void centre(simt::StreamHandle, const float*, std::size_t, std::size_t, std::size_t,
                            const double*, double*);

/// y[r, c] += means[c], added in double.
void add_means(simt::StreamHandle stream, float* y, std::size_t rows, std::size_t columns,
               const double* means);

/// y[r, c] = x[r, c] for the packed matrix x (rows, columns) and a y of rows `stride` values apart.
void copy_columns(simt::StreamHandle stream, const double* x, std::size_t rows, std::size_t columns,
                  double* y, std::size_t stride);

/// values[i] = a[i, i] of the n x n matrix a.
void diagonal(simt::StreamHandle stream, const double* a, std::size_t n, double* values);

/// sum[i] += part[i]: gathers single-precision products of row groups in double.
void accumulate(simt::StreamHandle stream, std::span<const float> part, std::span<double> sum);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
