// The diagonal of a square matrix.
#pragma once

#include <cstddef>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// values[i] = a[i, i] of the n x n matrix a.
void diagonal(simt::StreamHandle stream, const double* a, std::size_t n, double* values);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
