// From each row's own neighbours to one symmetric sparse matrix.
//
//   P = (C + C^T) / (2 N), C(i, j) = p(j|i), whose sum is one
//
// Row i of P is what row i of C and row i of C^T have, merged: both by ascending column. C^T is
// not written down; what it has is known by its place in C.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/affinities/packed.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// C / (2 N) for N rows, k in each by ascending column, and its places column by column:
/// columns[places[begins[j]]] .. columns[places[begins[j + 1] - 1]] are j, and the places ascend.
struct DirectedAffinities {
  std::uint32_t rows;
  std::uint32_t k;               ///< rows * k fits 32 bits
  const std::uint32_t* columns;  ///< (rows, k)
  const float* values;           ///< (rows, k)
  const std::uint32_t* begins;   ///< (rows + 1)
  const std::uint32_t* places;   ///< (rows * k)
};

/// columns, values (rows, k): each row's distinct `indices` ascending, and p(j|i) / (2 rows).
void sort_rows(simt::StreamHandle stream, const std::uint32_t* indices, const float* probabilities,
               std::size_t rows, std::size_t k, std::uint32_t* columns, float* values);

/// sizes (rows): the entries of each row of P.
void count_entries(simt::StreamHandle stream, const DirectedAffinities& directed,
                   std::uint32_t* sizes);

/// P, rows compressed: row i into columns and values from offsets[i] on, by ascending column.
void merge_entries(simt::StreamHandle stream, const DirectedAffinities& directed,
                   const std::uint32_t* offsets, std::uint32_t* columns, float* values);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
