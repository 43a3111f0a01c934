// What PCA does to the columns of a row-major matrix, besides matrix products.
#pragma once

#include <cstddef>
#include <span>

#include "device/stream.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Groups of rows that `column_means` sums one block each.
[[nodiscard]] std::size_t column_sum_groups(std::size_t rows);

/// means[c] = mean of column c of x (rows, columns), summed in double in a fixed order.
/// `scratch`: column_sum_groups(rows) * columns values.
void column_means(device::Stream& stream, const float* x, std::size_t rows, std::size_t columns,
                  std::span<double> scratch, std::span<float> means);

/// y[r, c] = x[r, c] - means[c]. In place (y == x) too.
void subtract_means(device::Stream& stream, const float* x, std::size_t rows, std::size_t columns,
                    std::span<const float> means, float* y);

/// sum[i] += part[i]: gathers single-precision products of row groups in double.
void accumulate(device::Stream& stream, std::span<const float> part, std::span<double> sum);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
