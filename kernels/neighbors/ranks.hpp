// How far down a row's order of the others some of them stand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// norms[r] = |x[r]|^2, for x (rows, columns).
void squared_norms(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                   float* norms);

/// For a group of rows r, the data's rows first_row + r, given their inner products with all of the
/// data, products (rows, columns), and the data's squared norms (columns): ranks[r, i] is the place
/// of neighbors[r, i] among the others by increasing distance, then by index; the nearest has 1.
/// neighbors, ranks (rows, k).
void neighbor_ranks(simt::StreamHandle stream, const float* products, const float* norms,
                    std::size_t first_row, std::size_t rows, std::size_t columns,
                    const std::uint32_t* neighbors, std::size_t k, std::uint32_t* ranks);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
