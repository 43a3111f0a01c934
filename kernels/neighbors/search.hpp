// The search for nearest neighbours: exact, for a hundredth of the distances.
//
// Codes (cells.hpp) tell most pairs apart without their rows. Two rows whose codes are d units
// apart are d - slack units apart or more; so with the k-th distance r that a row has seen, pairs
// of codes beyond reach = r + slack need no second look. A pair of cells, a *tile*, goes through
// three sieves:
//
//   prefixes    all pairs of the tile, by products in registers (products.cuh): one in a hundred is
//               left
//   codes       those left, all their coordinates
//   rows        the distance itself, term by term in float
//
// and what is left is offered to both rows' lists. Each unordered pair is met once. A list is a set
// of keys in no order; when it is full it is cut to little more than the k smallest, and the row's
// reach shrinks to the largest of them. Lists of a cell have a lock, which a block holds while it
// offers; nobody ever holds two. Reaches are read without: a stale one is too large, which is safe.
//
// So that reaches are small from the start, each row first looks at its own cell and at near ones,
// by codes alone, and measures the k best of these: the k-th nearest is no farther than the
// farthest of them.
//
// On a GPU a block of 256 threads takes a tile; the products and their sieve are the bulk of the
// work and are done in shared memory and registers, the rest by a warp a pair. What finds its way
// to global memory is a few hundred words a tile. The list that survives is the k smallest
// (distance, index) of all pairs, whoever came first: results are the same bytes in any order of
// blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/neighbors/cells.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// A candidate packs a non-negative number's bits (of a float, which order as it does) over a row:
/// candidates compare by distance, then by row.
using Candidate = std::uint64_t;

/// What all sieves look at; rows in the order of their cells.
struct SearchedRows {
  std::uint32_t rows;
  std::uint32_t x_width;
  std::uint32_t code_width;
  std::uint32_t prefix_words;      ///< pairs of coordinates
  const float* x;                  ///< (rows, x_width), padded with zeros
  const std::int16_t* codes;       ///< (rows, code_width)
  const std::uint32_t* panels;     ///< (cells, prefix_words, kCell)
  const std::int32_t* half_norms;  ///< (cells, kCell), of prefixes
  const std::uint32_t* ids;        ///< (rows): how rows are called where they come from
};

/// From a row's k-th squared distance to the reach of its code.
struct ReachRule {
  double units;     ///< in a length of 1
  double slack;     ///< units by which codes may seem farther apart than their rows
  double relative;  ///< how far a computed squared distance may be from the true one ...
  double absolute;  ///< ... and for what underflows
};

/// Lists of candidates, `capacity` places a row.
struct CandidateLists {
  std::uint32_t k;
  std::uint32_t capacity;  ///< list_capacity(k)
  Candidate* places;       ///< (rows, capacity)
  std::uint32_t* counts;   ///< (cells, kCell)
  Candidate* bounds;       ///< (cells, kCell): nothing at or above is wanted
  std::int32_t* reaches;   ///< (cells, kCell): half the square, in units
  std::uint32_t* locks;    ///< (cells)
};

[[nodiscard]] std::size_t list_capacity(std::size_t k);

/// Empties the lists, which want everything.
void clear_lists(simt::StreamHandle stream, std::size_t rows, CandidateLists lists);

/// Rows of the cells first_cell .. + cells look at their own cell and at near (cells of all rows,
/// near_count), by codes alone; candidates are rows in the order of the cells.
void seed_lists(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                const std::uint32_t* near, std::size_t near_count, std::size_t first_cell,
                std::size_t cells);

/// Measures the k best of each seeded list, takes the farthest for the row's reach, and empties the
/// list.
void measure_seeds(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                   const ReachRule& rule);

/// Lengths of prefixes, increasing.
inline constexpr std::size_t kPrefixChoices = 12;
struct PrefixLengths {
  std::uint32_t at[kPrefixChoices];
};

/// left[c] += pairs of sampled rows that a prefix of lengths.at[c] coordinates does not tell apart:
/// `some` rows against `others`, both spread evenly.
void count_left(simt::StreamHandle stream, const SearchedRows& searched,
                const std::int32_t* reaches, const PrefixLengths& lengths, std::size_t some,
                std::size_t others, std::uint32_t* left);

/// Rows and columns are met in squares of so many cells a side.
inline constexpr std::size_t kSquareCells = 4;
[[nodiscard]] constexpr std::size_t square_count(std::size_t rows) {
  const std::size_t side = (cell_count(rows) + kSquareCells - 1) / kSquareCells;
  return side * (side + 1) / 2;
}

/// All pairs of the squares first .. + count of square_count(rows).
void search_squares(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                    const ReachRule& rule, std::size_t first, std::size_t count);

/// indices, squared_distances (rows, k) in the order of ids.
void finish_lists(simt::StreamHandle stream, const SearchedRows& searched, CandidateLists lists,
                  std::uint32_t* indices, float* squared_distances);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
