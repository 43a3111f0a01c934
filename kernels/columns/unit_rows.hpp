// Rows of length one: their Euclidean distances say what the rows' angles say.
#pragma once

#include <cstddef>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Each row of x (rows, columns) over its length, or, `centred`, less its mean first: in double,
/// rounded once. A row without a direction, of zeros or, centred, of one value throughout, becomes
/// NaNs; and where a value is not finite one of its row's is not either.
void unit_rows(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
               bool centred, float* y);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
