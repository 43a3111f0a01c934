// Lines transformed in shared memory, in two or three passes of small transforms.
//
// Forward takes values in order and leaves frequency k = k0 + r0 (k1 + r1 k2) at position
// k0 n / r0 + k1 n / (r0 r1) + k2; backward takes them there and returns values in order. So
// nothing is ever reordered: products do not mind, and who pairs frequencies looks up their places.
//
// Lines lie side by side: a vector's lanes on a CPU, `lines` of them in a GPU's shared memory.
// Backward works on values whose real and imaginary parts have changed places: see dft.cuh.
#pragma once

#include <cstdint>

#include "kernels/fft/dft.cuh"
#include "kernels/fft/line.hpp"

namespace hourglass::HOURGLASS_TARGET::fft {

template <class V>
__device__ __forceinline__ Value<V> swapped(const Value<V>& a) {
  return {a.imaginary, a.real};
}

/// A block's lines in shared memory.
template <class V>
struct Lines {
  Value<V>* values;
  std::uint32_t count;  ///< 1 or 2

  __device__ __forceinline__ std::uint32_t shift() const { return count - 1; }

  __device__ __forceinline__ Value<V>& at(std::uint32_t position, std::uint32_t line) const {
    return values[padded(position) * count + line];
  }
};

namespace detail {

/// Whether a line of kLines has the radix, or twice it, in this pass: others are not compiled.
template <std::uint32_t Radices::*pass, std::uint32_t radix>
inline constexpr bool kHas = [] {
  for (const Radices& line : kLines) {
    if (line.*pass == (pass == &Radices::first ? 2 * radix : radix)) return true;
  }
  return false;
}();

/// f(radix) with the radix as a constant.
template <std::uint32_t Radices::*pass, class F>
__device__ __forceinline__ void with_radix(std::uint32_t radix, F&& f) {
  const auto call = [&](auto constant) {
    if constexpr (kHas<pass, decltype(constant)::value>) f(constant);
  };
  switch (radix) {
    case 4:
      return call(std::integral_constant<int, 4>{});
    case 5:
      return call(std::integral_constant<int, 5>{});
    case 6:
      return call(std::integral_constant<int, 6>{});
    case 8:
      return call(std::integral_constant<int, 8>{});
    case 9:
      return call(std::integral_constant<int, 9>{});
    case 10:
      return call(std::integral_constant<int, 10>{});
    case 12:
      return call(std::integral_constant<int, 12>{});
    case 15:
      return call(std::integral_constant<int, 15>{});
    default:
      return call(std::integral_constant<int, 16>{});
  }
}

/// Each thread's items of one pass over all lines of the block: f(item, line).
template <class V, class F>
__device__ __forceinline__ void for_items(const Lines<V>& lines, std::uint32_t items, F&& f) {
  if constexpr (sizeof(V) > sizeof(float)) {  // a CPU's thread: one line of vectors
    for (std::uint32_t item = 0; item < items; ++item) f(item, 0U);
  } else {
#ifdef __CUDACC__
#pragma unroll 1  // values of two items at once would not fit into registers
#endif
    for (const auto i : simt::block_elements(items << lines.shift())) {
      f(i >> lines.shift(), i & (lines.count - 1));
    }
  }
}

template <class V>
__device__ __forceinline__ Value<V> turned(const Value<V>& a, const Complex& by) {
  return fft::turned(a, by.real, by.imaginary);
}

/// The first pass, from load(position, line). If only half of the positions hold anything, only
/// those are loaded.
template <bool half, int radix, class V, class Load>
__device__ __phase__ void first_pass(const Line& line, const Lines<V>& lines, Load load) {
  constexpr int h = radix / 2;
  const std::uint32_t m = line.length / radix;
  for_items(lines, m, [&](std::uint32_t j, std::uint32_t l) {
    Value<V> even[h];
    Value<V> odd[h];
    unrolled<h>([&](auto i) {
      constexpr int q = decltype(i)::value;
      const Value<V> a = load(j + m * q, l);
      if constexpr (half) {
        even[q] = a;
        odd[q] = turned_by<q, radix>(a);
      } else {
        const Value<V> b = load(j + m * (q + h), l);
        even[q] = a + b;
        odd[q] = turned_by<q, radix>(a - b);
      }
    });
    dft<h>(even);
    unrolled<h>([&](auto i) {
      constexpr int k = 2 * decltype(i)::value;
      lines.at(j + m * k, l) = turned(even[k / 2], line.turns[j * k]);
    });
    dft<h>(odd);
    unrolled<h>([&](auto i) {
      constexpr int k = 2 * decltype(i)::value + 1;
      lines.at(j + m * k, l) = turned(odd[k / 2], line.turns[j * k]);
    });
  });
}

template <int radix, class V>
__device__ __phase__ void middle_pass(const Line& line, const Lines<V>& lines) {
  const std::uint32_t step = line.radices.first;
  const std::uint32_t m = line.radices.last;
  for_items(lines, step * m, [&](std::uint32_t item, std::uint32_t l) {
    const std::uint32_t j = item % m;
    const std::uint32_t base = item / m * (radix * m) + j;
    Value<V> x[radix];
    unrolled<radix>([&](auto q) { x[q.value] = lines.at(base + m * q.value, l); });
    dft<radix>(x);
    unrolled<radix>([&](auto k) {
      lines.at(base + m * k.value, l) = turned(x[k.value], line.turns[j * k.value * step]);
    });
  });
}

template <int radix, class V>
__device__ __phase__ void middle_pass_back(const Line& line, const Lines<V>& lines) {
  const std::uint32_t step = line.radices.first;
  const std::uint32_t m = line.radices.last;
  for_items(lines, step * m, [&](std::uint32_t item, std::uint32_t l) {
    const std::uint32_t j = item % m;
    const std::uint32_t base = item / m * (radix * m) + j;
    Value<V> x[radix];
    unrolled<radix>([&](auto k) {
      x[k.value] = turned(lines.at(base + m * k.value, l), line.turns[j * k.value * step]);
    });
    dft<radix>(x);
    unrolled<radix>([&](auto q) { lines.at(base + m * q.value, l) = x[q.value]; });
  });
}

/// Forward's last pass and backward's first, with inner(position of x[0], line, x) in between.
template <int radix, class V, class Inner>
__device__ __phase__ void last_pass(const Line& line, const Lines<V>& lines, Inner inner) {
  for_items(lines, line.length / radix, [&](std::uint32_t b, std::uint32_t l) {
    Value<V> x[radix];
    unrolled<radix>([&](auto q) { x[q.value] = lines.at(b * radix + q.value, l); });
    inner(b * radix, l, x);
    unrolled<radix>([&](auto q) { lines.at(b * radix + q.value, l) = x[q.value]; });
  });
}

/// Backward's last pass, to store(position, line, value): half of the positions, if no others are
/// wanted.
template <int radix, class V, class Store>
__device__ __phase__ void first_pass_back(const Line& line, const Lines<V>& lines, Store store) {
  constexpr int h = radix / 2;
  const std::uint32_t m = line.length / radix;
  for_items(lines, m, [&](std::uint32_t j, std::uint32_t l) {
    Value<V> even[h];
    Value<V> odd[h];
    unrolled<h>([&](auto i) {
      constexpr int k = 2 * decltype(i)::value;
      even[k / 2] = turned(lines.at(j + m * k, l), line.turns[j * k]);
    });
    dft<h>(even);
    unrolled<h>([&](auto i) {
      constexpr int k = 2 * decltype(i)::value + 1;
      odd[k / 2] = turned(lines.at(j + m * k, l), line.turns[j * k]);
    });
    dft<h>(odd);
    unrolled<h>([&](auto i) {
      constexpr int q = decltype(i)::value;
      store(j + m * q, l, even[q] + turned_by<q, radix>(odd[q]));
    });
  });
}

template <class V>
__device__ __forceinline__ void middle(const Line& line, const Lines<V>& lines, bool back) {
  if (line.radices.middle == 1) return;
  with_radix<&Radices::middle>(line.radices.middle, [&](auto radix) {
    if (back) {
      middle_pass_back<decltype(radix)::value>(line, lines);
    } else {
      middle_pass<decltype(radix)::value>(line, lines);
    }
  });
  simt::sync_block();  // the pass is over before the next reads
}

}  // namespace detail

/// Passes of the way there, but for the last.
template <bool half, class V, class Load>
__device__ __forceinline__ void begin_forward(const Line& line, const Lines<V>& lines, Load load) {
  detail::with_radix<&Radices::first>(line.radices.first / 2, [&](auto h) {
    detail::first_pass<half, 2 * decltype(h)::value>(line, lines, load);
  });
  simt::sync_block();  // the pass is over before the next reads
  detail::middle(line, lines, false);
}

/// The rest of the way there.
template <class V>
__device__ __forceinline__ void end_forward(const Line& line, const Lines<V>& lines) {
  detail::with_radix<&Radices::last>(line.radices.last, [&](auto radix) {
    constexpr int r = decltype(radix)::value;
    detail::last_pass<r>(line, lines,
                         [](std::uint32_t, std::uint32_t, Value<V>(&x)[r]) { dft<r>(x); });
  });
  simt::sync_block();  // frequencies are there
}

/// The rest of the way there, product(position, line, value), and the first steps back.
template <class V, class Product>
__device__ __forceinline__ void turn_round(const Line& line, const Lines<V>& lines,
                                           Product product) {
  detail::with_radix<&Radices::last>(line.radices.last, [&](auto radix) {
    constexpr int r = decltype(radix)::value;
    detail::last_pass<r>(line, lines, [&](std::uint32_t first, std::uint32_t l, Value<V>(&x)[r]) {
      dft<r>(x);
      unrolled<r>([&](auto q) { x[q.value] = swapped(product(first + q.value, l, x[q.value])); });
      dft<r>(x);
    });
  });
  simt::sync_block();  // the pass is over before the next reads
}

/// The way back from exchanged frequencies, up to where turn_round leaves off.
template <class V>
__device__ __forceinline__ void begin_backward(const Line& line, const Lines<V>& lines) {
  end_forward(line, lines);  // a last pass has no turns: there and back are the same
}

/// The rest of the way back: store(position, line, value) of the first half of a line.
template <class V, class Store>
__device__ __forceinline__ void end_backward(const Line& line, const Lines<V>& lines, Store store) {
  detail::middle(line, lines, true);
  detail::with_radix<&Radices::first>(line.radices.first / 2, [&](auto h) {
    detail::first_pass_back<2 * decltype(h)::value>(
        line, lines, [&](std::uint32_t position, std::uint32_t l, const Value<V>& value) {
          store(position, l, swapped(value));
        });
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::fft
