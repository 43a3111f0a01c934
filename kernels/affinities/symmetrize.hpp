// From each row's own neighbours to one symmetric sparse matrix.
//
//   P = (C + C^T) / (2 N), C(i, j) = p(j|i), whose sum is one
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// keys, values (2 rows k): for each neighbour j of i the entries (i, j) and (j, i), each worth
/// p(j|i) / (2 rows); key = row << 32 | column.
void emit_entries(simt::StreamHandle stream, const std::uint32_t* indices,
                  const float* probabilities, std::size_t rows, std::size_t k, std::uint64_t* keys,
                  float* values);

/// From sorted, distinct keys: offsets (rows + 1), where each row begins, and columns.
void index_entries(simt::StreamHandle stream, std::span<const std::uint64_t> keys, std::size_t rows,
                   std::uint32_t* offsets, std::uint32_t* columns);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
