// The loops phases are made of. On a GPU an item is a thread's, or a few threads' together; on the
// CPU a thread has the block for itself, an item is a vector of outputs, and a loop is a loop.
#pragma once

#include <type_traits>

#include "kernels/simt/lanes.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::fused_dense {

using namespace lanes;

template <class L>
inline constexpr bool kAlone = L::kCount > 1;

/// A vector in memory.
template <class L>
__device__ __forceinline__ typename L::Value& at(float* values) {
  return *reinterpret_cast<typename L::Value*>(values);
}
template <class L>
__device__ __forceinline__ const typename L::Value& at(const float* values) {
  return *reinterpret_cast<const typename L::Value*>(values);
}

/// f(i, j) for all i < rows, j < columns. Neighbouring threads have neighbouring j; `turn` says
/// whose the first is, so that several loops without a barrier between them keep all threads busy,
/// and goes on to the next.
template <class L, class F>
__device__ __forceinline__ void each(int rows, int columns, unsigned& turn, F&& f) {
  if constexpr (kAlone<L>) {
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) f(i, j);
    }
  } else {
    const int threads = static_cast<int>(simt::block_thread_count());
    const int first = static_cast<int>((simt::block_thread() + turn) % simt::block_thread_count());
    const int down = threads / columns;
    const int right = threads % columns;
    int i = first / columns;
    int j = first % columns;
    while (i < rows) {
      f(i, j);
      i += down;
      j += right;
      if (j >= columns) {
        j -= columns;
        ++i;
      }
    }
    // Who would have had the next item is the next loop's first.
    const auto items = static_cast<unsigned>(rows) * static_cast<unsigned>(columns);
    turn = (turn + simt::block_thread_count() - items % simt::block_thread_count()) %
           simt::block_thread_count();
  }
}
template <class L, class F>
__device__ __forceinline__ void each(int rows, int columns, F&& f) {
  unsigned turn = 0;
  each<L>(rows, columns, turn, f);
}

/// n sums for each item (i, j), i < rows, j < columns: accumulate(i, j, k, sums) adds term k <
/// terms, finish(i, j, sums) takes them; then a barrier. On a GPU the terms are shared out among up
/// to a warp's lanes, which add up in a tree.
template <class L, int n, class Accumulate, class Finish>
__device__ __forceinline__ void sum_each(int rows, int columns, int terms, Accumulate&& accumulate,
                                         Finish&& finish) {
  using F = typename L::Value;
  if constexpr (kAlone<L>) {
    constexpr int kChains = n == 1 ? 4 : 1;  // a sum waits for the one before
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) {
        F sums[kChains][n];
        unrolled<kChains * n>([&](auto s) { sums[s / n][s % n] = 0.f; });
        int k = 0;
        for (; k + kChains <= terms; k += kChains) {
          unrolled<kChains>([&](auto c) { accumulate(i, j, k + c, sums[c]); });
        }
        for (; k < terms; ++k) accumulate(i, j, k, sums[0]);
        if constexpr (kChains == 4)
          sums[0][0] = (sums[0][0] + sums[1][0]) + (sums[2][0] + sums[3][0]);
        finish(i, j, sums[0]);
      }
    }
  } else {
    const int items = rows * columns;
    const int threads = static_cast<int>(simt::block_thread_count());
    int slices = 1;
    while (slices < static_cast<int>(simt::kWarpSize) && 2 * slices * items <= threads &&
           4 * slices <= terms) {
      slices *= 2;
    }
    const int me = static_cast<int>(simt::block_thread());
    const int slice = me % slices;
    const unsigned group = (simt::kFullMask >> (simt::kWarpSize - static_cast<unsigned>(slices)))
                           << (simt::lane() - static_cast<unsigned>(slice));
    const int step = threads / slices;
    // A block's odd last threads would be a group with lanes missing.
    for (int item = me / slices < step ? me / slices : items; item < items; item += step) {
      const int i = item / columns;
      const int j = item % columns;
      F sums[n];
      unrolled<n>([&](auto s) { sums[s] = 0.f; });
      for (int k = slice; k < terms; k += slices) accumulate(i, j, k, sums);
      simt::group_sum(sums, static_cast<unsigned>(slices), group);
      if (slice == 0) finish(i, j, sums);
    }
    simt::sync_block();
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::fused_dense
