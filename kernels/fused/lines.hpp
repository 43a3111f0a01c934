// Lines of images, as they lie in memory, into lanes: a pixel of as many images as a vector has
// lanes. For the CPU.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/data/pixels.hpp"
#include "kernels/simt/lanes.hpp"

namespace hourglass::HOURGLASS_TARGET::fused::detail {

using lanes::unrolled;

// (Not sizes in a template: see lanes::Registers.)
template <int n>
struct Pixels;
template <>
struct Pixels<4> {
  using Bytes [[gnu::vector_size(4)]] = std::uint8_t;
  using Words [[gnu::vector_size(8)]] = std::uint16_t;
};
template <>
struct Pixels<8> {
  using Bytes [[gnu::vector_size(8)]] = std::uint8_t;
  using Words [[gnu::vector_size(16)]] = std::uint16_t;
};
template <>
struct Pixels<16> {
  using Bytes [[gnu::vector_size(16)]] = std::uint8_t;
  using Words [[gnu::vector_size(32)]] = std::uint16_t;
};

/// Pixels of one image that are a register.
template <class T, int n>
struct RunOf;
template <int n>
struct RunOf<float, n> {
  using Type = typename lanes::Registers<n>::Floats;
};
template <int n>
struct RunOf<std::uint8_t, n> {
  using Type = Pixels<16>::Bytes;
};
template <class T, int n>
using Run = typename RunOf<T, n>::Type;

/// a[0] b[0] a[1] b[1] ..., of the first halves or of the second.
template <int half, class V, int... k>
__forceinline__ V interleaved(V a, V b, std::integer_sequence<int, k...>) {
  constexpr int n = sizeof...(k);
  return __builtin_shufflevector(a, b, (k % 2 * n + half * (n / 2) + k / 2)...);
}

/// From pixel by pixel of one image after the other to image by image of one pixel after the other:
/// the halves of all that is there are interleaved log n times.
template <class T, int n>
__forceinline__ void bring_images_together(Run<T, n> (&runs)[n]) {
  constexpr std::make_integer_sequence<int, sizeof(Run<T, n>) / sizeof(T)> kLanes;
  for (int times = 1; times < n; times *= 2) {
    Run<T, n> next[n];
    unrolled<n / 2>([&](auto i) {
      next[2 * i] = interleaved<0>(runs[i], runs[i + n / 2], kLanes);
      next[2 * i + 1] = interleaved<1>(runs[i], runs[i + n / 2], kLanes);
    });
    unrolled<n>([&](auto i) { runs[i] = next[i]; });
  }
}

template <int n>
__forceinline__ lanes::Vector<n> units(const float* pixels) {
  lanes::Vector<n> values;
  std::memcpy(&values, pixels, sizeof values);
  return values;
}
template <int n>
__forceinline__ lanes::Vector<n> units(const std::uint8_t* pixels) {
  using Registers = lanes::Registers<n>;
  typename Pixels<n>::Bytes bytes;
  std::memcpy(&bytes, pixels, sizeof bytes);
  // (In two steps: GCC takes bytes to 32 bits one by one.)
  const auto words = __builtin_convertvector(bytes, typename Pixels<n>::Words);
  const auto whole = __builtin_convertvector(words, typename Registers::Ints);
  return kernels::unit_of(
      lanes::Vector<n>(__builtin_convertvector(whole, typename Registers::Floats)));
}

/// `width` pixels of each of `count` images, brought to [0, 1]; lanes beyond get zeros.
template <class T, int n>
__forceinline__ void load_line(const T* const (&from)[n], int count, int width,
                               lanes::Vector<n>* to) {
  constexpr int kRun = sizeof(Run<T, n>) / sizeof(T);
  if (width < kRun) {
    for (int x = 0; x < width; ++x) {
      to[x] = 0.f;
      for (int lane = 0; lane < count; ++lane) {
        lanes::lane_of(to[x], lane) = kernels::to_unit(from[lane][x]);
      }
    }
    return;
  }
  for (int done = 0; done < width; done += kRun) {
    const int x = done < width - kRun ? done : width - kRun;  // the last overlaps
    Run<T, n> runs[n];
    unrolled<n>([&](auto lane) {
      runs[lane] = Run<T, n>{};
      if (lane < count) std::memcpy(&runs[lane], from[lane] + x, sizeof runs[lane]);
    });
    bring_images_together<T, n>(runs);
    const auto* together = reinterpret_cast<const T*>(runs);
    unrolled<kRun>([&](auto k) { to[x + k] = units<n>(together + k * n); });
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::fused::detail
