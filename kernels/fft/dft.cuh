// Discrete Fourier transforms of a few values, in registers:
//
//   dft<n>(x):  x[k] <- sum over j of x[j] w_n^(j k),  w_n = exp(-2 pi i / n)
//
// V is float, or a vector of floats whose lanes are transforms side by side. The way back is the
// same transform: exchange real and imaginary parts before it and after it.
#pragma once

#include "kernels/simt/host_device.hpp"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::fft {

using lanes::unrolled;

template <class V>
struct Value {
  V real;
  V imaginary;

  friend __device__ __forceinline__ Value operator+(const Value& a, const Value& b) {
    return {a.real + b.real, a.imaginary + b.imaginary};
  }
  friend __device__ __forceinline__ Value operator-(const Value& a, const Value& b) {
    return {a.real - b.real, a.imaginary - b.imaginary};
  }
};

/// a (cosine + i sine).
template <class V>
__device__ __forceinline__ Value<V> turned(const Value<V>& a, float cosine, float sine) {
  const V c(cosine);
  const V s(sine);
  return {a.real * c - a.imaginary * s, a.real * s + a.imaginary * c};
}

/// -i a.
template <class V>
__device__ __forceinline__ Value<V> quarter_turned(const Value<V>& a) {
  return {a.imaginary, -a.real};
}

namespace detail {

/// cos(2 pi numerator / denominator), for constants.
HOURGLASS_HOST_DEVICE constexpr double cosine_of(int numerator, int denominator) {
  numerator %= denominator;
  if (2 * numerator > denominator) numerator = denominator - numerator;
  double sign = 1.0;
  if (4 * numerator > denominator) {  // beyond a quarter turn: -cos of what is left to a half
    sign = -1.0;
    numerator = denominator - 2 * numerator;
    denominator *= 2;
  }
  const double x = 6.283185307179586476925 * numerator / denominator;
  double term = 1.0;
  double sum = 1.0;
  for (int i = 1; i < 14; ++i) {
    term *= -x * x / ((2 * i - 1) * (2 * i));
    sum += term;
  }
  return sign * sum;
}
HOURGLASS_HOST_DEVICE constexpr double sine_of(int numerator,
                                               int denominator) {  // cos(a - a quarter turn)
  return cosine_of(4 * numerator + 3 * denominator, 4 * denominator);
}

HOURGLASS_HOST_DEVICE constexpr int inverse_modulo(int a, int modulus) {
  for (int i = 1; i < modulus; ++i) {
    if (a * i % modulus == 1) return i;
  }
  return 0;
}

HOURGLASS_HOST_DEVICE constexpr bool coprime(int a, int b) {
  while (b != 0) {
    const int rest = a % b;
    a = b;
    b = rest;
  }
  return a == 1;
}

/// The first factor of a composite length: one that leaves a coprime rest, if there is one.
HOURGLASS_HOST_DEVICE constexpr int factor_of(int n) {
  for (const int factor : {2, 3, 4, 5}) {
    if (n % factor == 0 && n > factor && coprime(factor, n / factor)) return factor;
  }
  return n % 4 == 0 && n > 4 ? (n == 8 ? 2 : 4) : n % 2 == 0 ? 2 : 3;
}

}  // namespace detail

/// a w_denominator^numerator.
template <int numerator, int denominator, class V>
__device__ __forceinline__ Value<V> turned_by(const Value<V>& a) {
  constexpr int part = numerator % denominator;
  if constexpr (part == 0) {
    return a;
  } else if constexpr (4 * part == denominator) {
    return quarter_turned(a);
  } else if constexpr (2 * part == denominator) {
    return {-a.real, -a.imaginary};
  } else {
    constexpr auto cosine = static_cast<float>(detail::cosine_of(part, denominator));
    constexpr auto sine = static_cast<float>(-detail::sine_of(part, denominator));
    return turned(a, cosine, sine);
  }
}

template <int n, class V>
__device__ __forceinline__ void dft(Value<V> (&x)[n]);

namespace detail {

template <int n, class V>
__device__ __forceinline__ void dft_in_place(Value<V> (&x)[n]) {
  if constexpr (n == 1) {
    return;
  } else if constexpr (n == 2) {
    const Value<V> a = x[0];
    x[0] = a + x[1];
    x[1] = a - x[1];
  } else if constexpr (n == 3) {
    constexpr float kHalfRoot = 0.866025403784438647f;
    const Value<V> sum = x[1] + x[2];
    const Value<V> difference = x[1] - x[2];
    const Value<V> middle{x[0].real - sum.real * V(0.5f), x[0].imaginary - sum.imaginary * V(0.5f)};
    const Value<V> turn{difference.imaginary * V(kHalfRoot), difference.real * V(-kHalfRoot)};
    x[0] = x[0] + sum;
    x[1] = middle + turn;
    x[2] = middle - turn;
  } else if constexpr (n == 4) {
    const Value<V> a = x[0] + x[2];
    const Value<V> b = x[0] - x[2];
    const Value<V> c = x[1] + x[3];
    const Value<V> d = quarter_turned(x[1] - x[3]);
    x[0] = a + c;
    x[1] = b + d;
    x[2] = a - c;
    x[3] = b - d;
  } else if constexpr (n == 5) {
    constexpr auto c1 = static_cast<float>(detail::cosine_of(1, 5));
    constexpr auto c2 = static_cast<float>(detail::cosine_of(2, 5));
    constexpr auto s1 = static_cast<float>(detail::sine_of(1, 5));
    constexpr auto s2 = static_cast<float>(detail::sine_of(2, 5));
    const Value<V> near = x[1] + x[4];
    const Value<V> far = x[2] + x[3];
    const Value<V> d1 = x[1] - x[4];
    const Value<V> d2 = x[2] - x[3];
    const Value<V> a{x[0].real + near.real * V(c1) + far.real * V(c2),
                     x[0].imaginary + near.imaginary * V(c1) + far.imaginary * V(c2)};
    const Value<V> b{x[0].real + near.real * V(c2) + far.real * V(c1),
                     x[0].imaginary + near.imaginary * V(c2) + far.imaginary * V(c1)};
    const Value<V> u = quarter_turned(
        Value<V>{d1.real * V(s1) + d2.real * V(s2), d1.imaginary * V(s1) + d2.imaginary * V(s2)});
    const Value<V> v = quarter_turned(
        Value<V>{d1.real * V(s2) - d2.real * V(s1), d1.imaginary * V(s2) - d2.imaginary * V(s1)});
    x[0] = x[0] + near + far;
    x[1] = a + u;
    x[2] = b + v;
    x[3] = b - v;
    x[4] = a - u;
  } else {
    // n = f g: g transforms of f values, then f of g. Coprime factors need no turns in between
    // (Good and Thomas), but other places; others do (Cooley and Tukey).
    constexpr int f = detail::factor_of(n);
    constexpr int g = n / f;
    constexpr bool free_of_turns = detail::coprime(f, g);
    Value<V> between[n];
    unrolled<g>([&](auto j) {
      constexpr int j2 = decltype(j)::value;
      Value<V> part[f];
      unrolled<f>([&](auto i) {
        constexpr int j1 = decltype(i)::value;
        part[j1] = x[free_of_turns ? (g * j1 + f * j2) % n : g * j1 + j2];
      });
      dft<f>(part);
      unrolled<f>([&](auto k) {
        constexpr int k1 = decltype(k)::value;
        if constexpr (free_of_turns) {
          between[k1 * g + j2] = part[k1];
        } else {
          between[k1 * g + j2] = turned_by<k1 * j2, n>(part[k1]);
        }
      });
    });
    unrolled<f>([&](auto k) {
      constexpr int k1 = decltype(k)::value;
      Value<V> part[g];
      unrolled<g>([&](auto j) { part[decltype(j)::value] = between[k1 * g + decltype(j)::value]; });
      dft<g>(part);
      unrolled<g>([&](auto l) {
        constexpr int k2 = decltype(l)::value;
        // The number that is k1 modulo f and k2 modulo g.
        constexpr int place = free_of_turns ? (g * detail::inverse_modulo(g % f, f) * k1 +
                                               f * detail::inverse_modulo(f % g, g) * k2) %
                                                  n
                                            : k1 + f * k2;
        x[place] = part[k2];
      });
    });
  }
}

#ifndef __CUDACC__
/// Emulated threads have time, but compilers do not: one copy for all that call it.
template <int n>
[[gnu::noinline]] void dft_of_floats(Value<float> (&x)[n]) {
  dft_in_place(x);
}
#endif

}  // namespace detail

template <int n, class V>
__device__ __forceinline__ void dft(Value<V> (&x)[n]) {
#ifndef __CUDACC__
  if constexpr (sizeof(V) == sizeof(float)) return detail::dft_of_floats(x);
#endif
  detail::dft_in_place(x);
}

}  // namespace hourglass::HOURGLASS_TARGET::fft
