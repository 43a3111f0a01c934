// The loops phases are made of: where the two targets want different ones, they differ here.
//
// On a GPU an item is a thread's; on the CPU a thread has the block, and its images, for itself,
// and a loop is a loop. GCC leaves some of the largest lambdas out of a flattened phase; those say
// __attribute__((always_inline)).
#pragma once

#include <type_traits>

#include "kernels/fused/network.hpp"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {

using namespace lanes;

/// Maps in memory. Cells are counted without the frame, corners with it: corner(c, y, x) is the
/// first cell that a tap of cell (y, x) sees.
template <class T>
struct Planes {
  T* data;
  int row;
  int plane;

  __device__ __forceinline__ T* corner(int channel, int y, int x) const {
    return data + channel * plane + y * row + x;
  }
  __device__ __forceinline__ T* cell(int channel, int y, int x) const {
    return corner(channel, y + 1, x + 1);
  }
};

/// A block and what it has in hand.
template <class L>
struct Block {
  const Network& net;
  float* derived;
  typename L::Value* values;
  typename L::Winner* winners;

  __device__ __forceinline__ Planes<typename L::Value> planes(const Maps& maps) const {
    return {values + maps.at, maps.row, maps.plane};
  }
};

template <class L>
inline constexpr bool kAlone = L::kCount > 1;

/// f(i, j, k) for all i < a, j < b, k < c; then a barrier. Neighbouring threads have neighbouring
/// k.
template <class L, class F>
__device__ __forceinline__ void each(int a, int b, int c, F&& f) {
  if constexpr (kAlone<L>) {
    for (int i = 0; i < a; ++i) {
      for (int j = 0; j < b; ++j) {
        for (int k = 0; k < c; ++k) f(i, j, k);
      }
    }
  } else {
    for (const int item : simt::block_elements(a * b * c)) f(item / c / b, item / c % b, item % c);
    simt::sync_block();
  }
}

/// The same with k outermost on the CPU: of maps too large for the first-level cache, what a strip
/// of columns reads stays there from row to row.
template <class L, class F>
__device__ __forceinline__ void each_by_strips(int a, int b, int c, F&& f) {
  if constexpr (kAlone<L>) {
    for (int k = 0; k < c; ++k) {
      for (int i = 0; i < a; ++i) {
        for (int j = 0; j < b; ++j) f(i, j, k);
      }
    }
  } else {
    each<L>(a, b, c, f);
  }
}

/// Sums that are made in several turns, some rows in each.
template <class F>
struct Turn {
  bool first = true;
  bool last = true;
  F* carried = nullptr;  ///< n values for each tile, from one turn to the next
};

/// The sum over all cells of a map, for each of a * b * c tiles: accumulate(i, j, k, row, column,
/// sums) adds a cell's part, emit(i, j, k, sums) takes the whole; then a barrier. On a GPU the
/// cells are shared out among up to a warp's lanes, which add up in a tree.
template <class L, int n, class Accumulate, class Emit>
__device__ __forceinline__ void sum_over_cells(int a, int b, int c, int rows, int columns,
                                               const Turn<typename L::Value>& turn,
                                               Accumulate&& accumulate, Emit&& emit) {
  using F = typename L::Value;
  const auto begin = [&](bool mine, int tile, F(&sums)[n]) {
    if (mine && !turn.first) {
      const F* from = turn.carried + tile * n;  // (in one: GCC finds each sum's place anew)
      unrolled<n>([&](auto s) { sums[s] = from[s]; });
    } else {
      unrolled<n>([&](auto s) { sums[s] = 0.f; });
    }
  };
  const auto finish = [&](int tile, int i, int j, int k, F(&sums)[n]) {
    if (turn.last) {
      emit(i, j, k, sums);
    } else {
      F* to = turn.carried + tile * n;
      unrolled<n>([&](auto s) { to[s] = sums[s]; });
    }
  };
  if constexpr (kAlone<L>) {
    for (int i = 0; i < a; ++i) {
      for (int j = 0; j < b; ++j) {
        for (int k = 0; k < c; ++k) {
          const int tile = (i * b + j) * c + k;
          F sums[n];
          begin(true, tile, sums);
          for (int y = 0; y < rows; ++y) {
            for (int x = 0; x < columns; ++x) accumulate(i, j, k, y, x, sums);
          }
          finish(tile, i, j, k, sums);
        }
      }
    }
  } else {
    const int tiles = a * b * c;
    int slices = 1;
    while (slices < static_cast<int>(simt::kWarpSize) &&
           2 * slices * tiles <= static_cast<int>(simt::block_thread_count())) {
      slices *= 2;
    }
    const int me = static_cast<int>(simt::block_thread());
    const int slice = me % slices;
    const unsigned group = (simt::kFullMask >> (simt::kWarpSize - static_cast<unsigned>(slices)))
                           << (simt::lane() - static_cast<unsigned>(slice));
    const int step = static_cast<int>(simt::block_thread_count()) / slices;
    // A block's odd last threads would be a group with lanes missing.
    for (int tile = me / slices < step ? me / slices : tiles; tile < tiles; tile += step) {
      const int i = tile / c / b;
      const int j = tile / c % b;
      const int k = tile % c;
      F sums[n];
      begin(slice == 0, tile, sums);
      int y = slice / columns;
      int x = slice % columns;
      while (y < rows) {
        accumulate(i, j, k, y, x, sums);
        for (x += slices; x >= columns; x -= columns) ++y;
      }
      simt::group_sum(sums, static_cast<unsigned>(slices), group);
      if (slice == 0) finish(tile, i, j, k, sums);
    }
    simt::sync_block();
  }
}

/// f(width of a tile, as a constant), for rows of `width` cells: the widest that divides them and
/// leaves, with `items` tiles in all for each cell of a row, an item for every thread.
template <class L, class F>
__device__ __forceinline__ void with_row_tile(int width, int items, F&& f) {
  const int threads = kAlone<L> ? 1 : static_cast<int>(simt::block_thread_count());
  const auto fits = [&](int tile) {
    return width % tile == 0 && 2 * (width / tile) * items >= threads;
  };
  if (fits(7)) {
    f(Constant<7>{});
  } else if (fits(4)) {
    f(Constant<4>{});
  } else if (fits(2)) {
    f(Constant<2>{});
  } else {
    f(Constant<1>{});
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::fused
