// Puts a slab of columns into a wider matrix.
#pragma once

#include <cstddef>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// y[r, c] = x[r, c] for the packed matrix x (rows, columns) and a y of rows `stride` values apart.
void copy_columns(simt::StreamHandle stream, const double* x, std::size_t rows, std::size_t columns,
                  double* y, std::size_t stride);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
