// Exchanging lines and lanes.
#pragma once

#include <utility>

#include "kernels/simt/lanes.hpp"

namespace hourglass::HOURGLASS_TARGET::fft {

__device__ __forceinline__ void transpose(float (&)[1]) {}

#ifndef __CUDACC__

namespace detail {

/// Exchanges the lanes of `a` that have bit `distance` with those of `b` that have not.
template <int distance, int n, int... lane>
__forceinline__ void exchange(lanes::Vector<n>& a, lanes::Vector<n>& b,
                              std::integer_sequence<int, lane...>) {
  const auto first = a.v;
  const auto second = b.v;
  a.v = __builtin_shufflevector(first, second,
                                ((lane & distance) != 0 ? n + lane - distance : lane)...);
  b.v = __builtin_shufflevector(first, second,
                                ((lane & distance) != 0 ? n + lane : lane + distance)...);
}

template <int distance, int n>
__forceinline__ void transpose_from(lanes::Vector<n> (&rows)[n]) {
  lanes::unrolled<n>([&](auto row) {
    if constexpr ((decltype(row)::value & distance) == 0) {
      exchange<distance>(rows[row], rows[row + distance], std::make_integer_sequence<int, n>{});
    }
  });
  if constexpr (2 * distance < n) transpose_from<2 * distance>(rows);
}

}  // namespace detail

/// rows[i] lane j <-> rows[j] lane i: one bit of their numbers at a time.
template <int n>
__forceinline__ void transpose(lanes::Vector<n> (&rows)[n]) {
  detail::transpose_from<1>(rows);
}

#endif

}  // namespace hourglass::HOURGLASS_TARGET::fft
