// Takes the means of columns away, and puts them back.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

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

}  // namespace hourglass::HOURGLASS_TARGET::kernels
