// Exact nearest neighbours, in two steps: candidates from tiles of inner products, which lose
// digits to cancellation, then their distances term by term.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// A candidate packs a non-negative float's bits, which order as it does, over an index: candidates
/// compare by distance, then by index.
using Candidate = std::uint64_t;

/// The lists of a group of rows: the first kept[r] of `capacity` places are in use, and nothing at
/// or above bound[r] is wanted any more.
struct CandidateLists {
  Candidate* lists;      ///< (rows, capacity)
  std::uint32_t* kept;   ///< (rows)
  Candidate* bound;      ///< (rows)
  std::size_t capacity;  ///< candidate_capacity(wanted)
};

/// Places that a list of `wanted` candidates needs.
[[nodiscard]] std::size_t candidate_capacity(std::size_t wanted);

/// norms[r] = |x[r]|^2, for x (rows, columns).
void squared_norms(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                   float* norms);

/// Empties the lists.
void clear_candidates(simt::StreamHandle stream, CandidateLists lists, std::size_t rows);

/// Offers each row r of a group, the data's row first_row + r, the columns of a tile, the data's
/// rows first_column + c, given products (rows, columns) of the two. A list keeps at least its
/// `wanted` smallest.
void offer_candidates(simt::StreamHandle stream, const float* products, const float* norms,
                      std::size_t first_row, std::size_t rows, std::size_t first_column,
                      std::size_t columns, std::size_t wanted, CandidateLists lists);

/// From the lists the k nearest of each row, by their distances recomputed in full:
/// indices, squared_distances (rows, k) for the data's rows from first_row on. A row whose list
/// cannot be proved to hold them, for the rounding of its products, is compared with all_rows rows
/// instead.
void finish_candidates(simt::StreamHandle stream, const float* x, const float* norms,
                       std::size_t all_rows, std::size_t features, std::size_t first_row,
                       std::size_t rows, std::size_t wanted, std::size_t k, CandidateLists lists,
                       std::uint32_t* indices, float* squared_distances);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
