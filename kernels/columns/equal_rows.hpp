// Whether rows of two matrices have the same values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// equal[i] = 1 where row of_x[i] of x is row of_y[i] of y, value by value, else 0. Rows of both
/// have `columns` values.
void equal_rows(simt::StreamHandle stream, const float* x, std::span<const std::uint32_t> of_x,
                const float* y, std::span<const std::uint32_t> of_y, std::size_t columns,
                std::uint32_t* equal);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
