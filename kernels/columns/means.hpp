// The means of the columns of a row-major matrix.
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

}  // namespace hourglass::HOURGLASS_TARGET::kernels
