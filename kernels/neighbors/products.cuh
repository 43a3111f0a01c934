// Which pairs of two cells may be near, by the products of their prefixes.
//
// For rows a and columns b, prefixes p and reaches (half the squared distance to which a row
// looks), a pair is near unless |p_a - p_b|^2 / 2 is beyond both, which is to say
//
//   p_a p_b - |p_b|^2 / 2 + max(reach_a, reach_b) >= |p_a|^2 / 2,    in exact whole numbers.
//
// A panel is (pairs of coordinates, kCell) words of two 16-bit numbers. A thread holds the sums of
// some rows times some columns in registers; both panels come by way of shared memory, a piece of
// their depth at a time. Sums are floats on a GPU, which are exact up to 2^24 (kLongest).
//
// A CPU's block of one thread reads panels where they lie, in the nearest cache, and multiplies
// 16-bit numbers in pairs, which even the oldest vector registers can: this is the one place where
// the targets differ.
#pragma once

#include <type_traits>

#include "kernels/neighbors/cells.hpp"
#include "kernels/simt/simt.hpp"

#ifndef __CUDACC__
#include "kernels/neighbors/one_thread.hpp"
#endif

namespace hourglass::HOURGLASS_TARGET::kernels {

/// One side of a tile.
struct Side {
  const std::uint32_t* panel;
  const std::int32_t* half_norms;
  const std::int32_t* reaches;
};

/// A pair's place in its tile: row * kCell + column.
using TilePlace = std::uint16_t;
static_assert(kCell * kCell <= 65536);

inline constexpr unsigned kTileBlock = 256;  ///< threads
inline constexpr unsigned kTileSide = 8;     ///< rows, and columns, of a thread
inline constexpr unsigned kTileDepth = 8;    ///< words at a time
static_assert(std::size_t{kTileBlock} * kTileSide * kTileSide == kCell * kCell);

using TileNumber = std::conditional_t<simt::kVectorWidth == 1, float, std::int32_t>;

/// Who appends places may write a register full of them.
inline constexpr std::size_t kPlacesBehind = 32;

struct TileSmem {
  TileNumber rows[2 * kTileDepth][kCell];
  TileNumber columns[2 * kTileDepth][kCell];
  TilePlace near[kCell * kCell + kPlacesBehind];
  std::uint32_t near_count;
};

namespace detail {

__device__ inline void stage(TileNumber (*to)[kCell], const std::uint32_t* panel, unsigned words) {
  for (const auto i : simt::block_elements(static_cast<std::uint32_t>(words * kCell))) {
    const std::uint32_t word = panel[i];
    const std::size_t c = i % kCell;
    to[2 * (i / kCell)][c] = static_cast<TileNumber>(static_cast<std::int16_t>(word));
    to[2 * (i / kCell) + 1][c] = static_cast<TileNumber>(static_cast<std::int16_t>(word >> 16));
  }
}

}  // namespace detail

/// smem.near[0 .. near_count): the places of all pairs that may be near. All threads call it; it
/// ends with the block in step.
__device__ inline void near_pairs(const Side& rows, const Side& columns, unsigned words,
                                  TileSmem& smem) {
#ifndef __CUDACC__
  if (simt::detail::alone()) {
    smem.near_count =
        near_pairs_of_one_thread(rows.panel, rows.half_norms, rows.reaches, columns.panel,
                                 columns.half_norms, columns.reaches, words, smem.near);
    return;
  }
#endif
  // Threads have neighbouring columns, kTileSide of them kCell / kTileSide apart.
  constexpr unsigned kThreadsAcross = kCell / kTileSide;
  const unsigned thread = simt::block_thread();
  const unsigned across = thread % kThreadsAcross;
  const unsigned down = thread / kThreadsAcross;
  TileNumber sums[kTileSide][kTileSide] = {};
  if (thread == 0) smem.near_count = 0;
  for (unsigned word = 0; word < words; word += kTileDepth) {
    const unsigned here = words - word < kTileDepth ? words - word : kTileDepth;
    detail::stage(smem.rows, rows.panel + word * kCell, here);
    detail::stage(smem.columns, columns.panel + word * kCell, here);
    simt::sync_block();  // the piece is there
    for (unsigned k = 0; k < 2 * here; ++k) {
      TileNumber row[kTileSide];
      TileNumber column[kTileSide];
      for (unsigned i = 0; i < kTileSide; ++i) {
        row[i] = smem.rows[k][down * kTileSide + i];
        column[i] = smem.columns[k][across + i * kThreadsAcross];
      }
      for (unsigned i = 0; i < kTileSide; ++i) {
        for (unsigned j = 0; j < kTileSide; ++j) sums[i][j] += row[i] * column[j];
      }
    }
    simt::sync_block();  // all have read it
  }
  for (unsigned i = 0; i < kTileSide; ++i) {
    const unsigned row = down * kTileSide + i;
    const std::int32_t wanted = rows.half_norms[row];
    const std::int32_t reach = rows.reaches[row];
    for (unsigned j = 0; j < kTileSide; ++j) {
      const unsigned column = across + j * kThreadsAcross;
      const std::int32_t other = columns.reaches[column];
      const std::int32_t farthest = reach > other ? reach : other;
      if (static_cast<std::int32_t>(sums[i][j]) - columns.half_norms[column] + farthest >= wanted) {
        smem.near[simt::atomic_add(&smem.near_count, 1u)] =
            static_cast<TilePlace>(row * kCell + column);
      }
    }
  }
  simt::sync_block();  // all have appended
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
