// Lanes: a value that large kernels compute with, on both targets.
//
// A GPU's thread works on one item (an image, a line); a CPU's on as many side by side as a vector
// register has lanes. Kernels are written once over L = Lanes<n>:
//
//   L::Value      n floats, one of each image: + - * /, += and the functions below
//   L::Mask       n truth values
//   L::Winner     where a 2 x 2 pooling window has its maximum, in each image: two bits a lane
//
//   fma(a, b, c)  max(a, b)  sqrt(a)           lane by lane
//   fast_divide(a, b)                          a / b within 2 last places, |b| from 2^-126 to 2^126
//   exp(a), a <= 0   log(a), a > 0 and normal
//   greater(a, b)   select(mask, a, b)   keep(mask, a)    a where the mask holds, else b
//                                              (also of masks) or 0
//   sum(a)                                     over the lanes
//   lane_of(value, i)                          one lane, to read or to write
//   in_register(a)                             a, loaded once: compilers fold the load into each
//                                              use of it, and the load ports are the bottleneck
//   pack(below, right)   below(winner)   right(winner)
//   weights_at<n>(w)                           n floats that lie together, loaded together
//   unrolled<n>([&](auto k) { ... })           for k = 0 .. n-1, a constant in each
//
// Vectors are GCC's and clang's own; only masks and roots need a processor's words.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/simt/host_device.hpp"
#include "kernels/simt/simt.hpp"

#if defined(__SSE__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

namespace hourglass::HOURGLASS_TARGET::lanes {

// ---- one image ----------------------------------------------------------------------------------

/// The two bits of one window.
struct WinnerOfOne {
  std::uint8_t place;  ///< below * 2 + right
};

template <int n>
struct Lanes;

template <>
struct Lanes<1> {
  static constexpr int kCount = 1;
  using Value = float;
  using Mask = bool;
  using Winner = WinnerOfOne;
};

__device__ __forceinline__ float fma(float a, float b, float c) {
#ifdef __CUDACC__
  return fmaf(a, b, c);
#else
  return a * b +
         c;  // one instruction where there is one; fmaf() would be a call where there is none
#endif
}
__device__ __forceinline__ float max(float a, float b) {
  return a > b ? a : b;
}
__device__ __forceinline__ float sqrt(float a) {
  return sqrtf(a);
}
__device__ __forceinline__ float fast_divide(float a, float b) {
  return simt::fast_divide(a, b);
}
__device__ __forceinline__ float exp(float a) {
  return expf(a);
}
__device__ __forceinline__ float log(float a) {
  return logf(a);
}
__device__ __forceinline__ bool greater(float a, float b) {
  return a > b;
}
__device__ __forceinline__ float select(bool mask, float a, float b) {
  return mask ? a : b;
}
__device__ __forceinline__ bool select(bool mask, bool a, bool b) {
  return mask ? a : b;
}
__device__ __forceinline__ float keep(bool mask, float a) {
  return mask ? a : 0.f;
}
__device__ __forceinline__ float sum(float a) {
  return a;
}
__device__ __forceinline__ float& lane_of(float& value, int /*lane*/) {
  return value;
}
__device__ __forceinline__ float in_register(float a) {
  return a;
}
__device__ __forceinline__ WinnerOfOne pack(bool below, bool right) {
  return {static_cast<std::uint8_t>((below ? 2 : 0) + (right ? 1 : 0))};
}
__device__ __forceinline__ bool below(WinnerOfOne winner) {
  return winner.place >= 2;
}
__device__ __forceinline__ bool right(WinnerOfOne winner) {
  return (winner.place & 1) != 0;
}

// ---- images side by side ------------------------------------------------------------------------

#ifndef __CUDACC__

// (Not as n * 4 in a template: GCC takes such a type for float where it is declared.)
template <int n>
struct Registers;
template <>
struct Registers<4> {
  using Floats [[gnu::vector_size(16), gnu::may_alias]] = float;
  using Ints [[gnu::vector_size(16), gnu::may_alias]] = std::int32_t;
};
template <>
struct Registers<8> {
  using Floats [[gnu::vector_size(32), gnu::may_alias]] = float;
  using Ints [[gnu::vector_size(32), gnu::may_alias]] = std::int32_t;
};
template <>
struct Registers<16> {
  using Floats [[gnu::vector_size(64), gnu::may_alias]] = float;
  using Ints [[gnu::vector_size(64), gnu::may_alias]] = std::int32_t;
};

/// Lies in memory that is also seen as floats.
template <int n>
struct [[gnu::may_alias]] Vector {
  using Floats = typename Registers<n>::Floats;
  using Ints = typename Registers<n>::Ints;

  Floats v;

  Vector() = default;
  explicit __forceinline__ Vector(Floats values) : v(values) {}
  // x - 0 is x for every x, so this is a broadcast and nothing else.
  __forceinline__ Vector(float value)
      : v(value - Floats{}) {}  // NOLINT(google-explicit-constructor)

  friend __forceinline__ Vector operator+(Vector a, Vector b) { return Vector(a.v + b.v); }
  friend __forceinline__ Vector operator-(Vector a, Vector b) { return Vector(a.v - b.v); }
  friend __forceinline__ Vector operator*(Vector a, Vector b) { return Vector(a.v * b.v); }
  friend __forceinline__ Vector operator/(Vector a, Vector b) { return Vector(a.v / b.v); }
  friend __forceinline__ Vector operator-(Vector a) { return Vector(-a.v); }
  __forceinline__ Vector& operator+=(Vector b) {
    v += b.v;
    return *this;
  }
  __forceinline__ Vector& operator-=(Vector b) {
    v -= b.v;
    return *this;
  }
  __forceinline__ Vector& operator*=(Vector b) {
    v *= b.v;
    return *this;
  }
};

template <int n>
__forceinline__ Vector<n> fma(Vector<n> a, Vector<n> b, Vector<n> c) {
  return Vector<n>(a.v * b.v + c.v);
}
template <int n>
__forceinline__ Vector<n> max(Vector<n> a, Vector<n> b) {
  return Vector<n>(a.v > b.v ? a.v : b.v);
}
// (GCC takes the lanes of a loop one by one.)
template <int n>
__forceinline__ Vector<n> sqrt(Vector<n> a) {
  using Floats = typename Vector<n>::Floats;
#ifdef __AVX512F__
  if constexpr (n == 16) return Vector<n>(Floats(_mm512_maskz_sqrt_ps(0xFFFF, __m512(a.v))));
#endif
#ifdef __AVX__
  if constexpr (n == 8) return Vector<n>(Floats(_mm256_sqrt_ps(__m256(a.v))));
#endif
#ifdef __SSE__
  if constexpr (n == 4) return Vector<n>(Floats(_mm_sqrt_ps(__m128(a.v))));
#endif
  for (int i = 0; i < n; ++i) a.v[i] = std::sqrt(a.v[i]);
  return a;
}
/// By the processor's estimate of 1 / b and a step of Newton's.
template <int n>
__forceinline__ Vector<n> fast_divide(Vector<n> a, Vector<n> b) {
  using Floats = typename Vector<n>::Floats;
  Vector<n> estimate = 1.f / b;
#ifdef __AVX512F__
  if constexpr (n == 16) estimate.v = Floats(_mm512_maskz_rcp14_ps(0xFFFF, __m512(b.v)));
#endif
#ifdef __AVX__
  if constexpr (n == 8) estimate.v = Floats(_mm256_rcp_ps(__m256(b.v)));
#endif
#ifdef __SSE__
  if constexpr (n == 4) estimate.v = Floats(_mm_rcp_ps(__m128(b.v)));
#endif
  return a * (estimate * (2.f - b * estimate));
}
__forceinline__ float sum(Vector<4> a) {
  return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]);
}
__forceinline__ float sum(Vector<8> a) {
  return sum(Vector<4>(__builtin_shufflevector(a.v, a.v, 0, 1, 2, 3) +
                       __builtin_shufflevector(a.v, a.v, 4, 5, 6, 7)));
}
__forceinline__ float sum(Vector<16> a) {
  return sum(Vector<8>(__builtin_shufflevector(a.v, a.v, 0, 1, 2, 3, 4, 5, 6, 7) +
                       __builtin_shufflevector(a.v, a.v, 8, 9, 10, 11, 12, 13, 14, 15)));
}
template <int n>
__forceinline__ float& lane_of(Vector<n>& value, int lane) {
  return reinterpret_cast<float*>(&value)[lane];
}
template <int n>
__forceinline__ Vector<n> in_register(Vector<n> a) {
#if defined(__x86_64__)
  asm("" : "+v"(a.v));  // NOLINT(hicpp-no-assembler)
#endif
  return a;
}

// ---- masks: a bit a lane where the processor has that, else an integer a lane -------------------

#ifdef __AVX512VL__

template <int n>
struct VectorMask {
  std::conditional_t<n == 16, __mmask16, __mmask8> bits;
};
template <int n>
__forceinline__ VectorMask<n> greater(Vector<n> a, Vector<n> b) {
  if constexpr (n == 16) {
    return {_mm512_cmp_ps_mask(__m512(a.v), __m512(b.v), _CMP_GT_OQ)};
  } else {
    return {_mm256_cmp_ps_mask(__m256(a.v), __m256(b.v), _CMP_GT_OQ)};
  }
}
template <int n>
__forceinline__ Vector<n> select(VectorMask<n> mask, Vector<n> a, Vector<n> b) {
  using Floats = typename Vector<n>::Floats;
  if constexpr (n == 16) {
    return Vector<n>(Floats(_mm512_mask_blend_ps(mask.bits, __m512(b.v), __m512(a.v))));
  } else {
    return Vector<n>(Floats(_mm256_mask_blend_ps(mask.bits, __m256(b.v), __m256(a.v))));
  }
}
template <int n>
__forceinline__ Vector<n> keep(VectorMask<n> mask, Vector<n> a) {
  using Floats = typename Vector<n>::Floats;
  if constexpr (n == 16) {
    return Vector<n>(Floats(_mm512_maskz_mov_ps(mask.bits, __m512(a.v))));
  } else {
    return Vector<n>(Floats(_mm256_maskz_mov_ps(mask.bits, __m256(a.v))));
  }
}
template <int n>
__forceinline__ VectorMask<n> select(VectorMask<n> mask, VectorMask<n> a, VectorMask<n> b) {
  using Bits = decltype(VectorMask<n>::bits);
  return {static_cast<Bits>((mask.bits & a.bits) | (~mask.bits & b.bits))};
}
template <int n>
__forceinline__ auto bits_of(VectorMask<n> mask) {
  return mask.bits;
}
template <int n>
__forceinline__ VectorMask<n> mask_of(std::uint32_t bits) {
  return {static_cast<decltype(VectorMask<n>::bits)>(bits)};
}

#else

template <int n>
struct VectorMask {
  typename Vector<n>::Ints lanes;  ///< all bits or none
};
template <int n>
__forceinline__ VectorMask<n> greater(Vector<n> a, Vector<n> b) {
  return {a.v > b.v};
}
template <int n>
__forceinline__ Vector<n> select(VectorMask<n> mask, Vector<n> a, Vector<n> b) {
  return Vector<n>(mask.lanes ? a.v : b.v);
}
template <int n>
__forceinline__ Vector<n> keep(VectorMask<n> mask, Vector<n> a) {
  using Vector_ = Vector<n>;
  return Vector_(typename Vector_::Floats(typename Vector_::Ints(a.v) & mask.lanes));
}
template <int n>
__forceinline__ VectorMask<n> select(VectorMask<n> mask, VectorMask<n> a, VectorMask<n> b) {
  return {(mask.lanes & a.lanes) | (~mask.lanes & b.lanes)};
}
template <int n>
constexpr typename Vector<n>::Ints bit_of_each_lane() {
  typename Vector<n>::Ints bits{};
  for (int i = 0; i < n; ++i) bits[i] = 1 << i;
  return bits;
}
template <int n>
__forceinline__ std::uint32_t bits_of(VectorMask<n> mask) {
  const auto bits = mask.lanes & bit_of_each_lane<n>();
  std::int32_t all = 0;
  for (int i = 0; i < n; ++i) all |= bits[i];
  return static_cast<std::uint32_t>(all);
}
template <int n>
__forceinline__ VectorMask<n> mask_of(std::uint32_t bits) {
  using Ints = typename Vector<n>::Ints;
  return {((static_cast<std::int32_t>(bits) - Ints{}) & bit_of_each_lane<n>()) != 0};
}

#endif

template <int n>
struct WinnerOfMany {
  std::conditional_t<n <= 8, std::uint8_t, std::uint16_t> below;
  std::conditional_t<n <= 8, std::uint8_t, std::uint16_t> right;
};

template <int n>
struct Lanes {
  static constexpr int kCount = n;
  using Value = Vector<n>;
  using Mask = VectorMask<n>;
  using Winner = WinnerOfMany<n>;
};

template <int n>
__forceinline__ WinnerOfMany<n> pack(VectorMask<n> below, VectorMask<n> right) {
  using Bits = decltype(WinnerOfMany<n>::below);
  return {static_cast<Bits>(bits_of(below)), static_cast<Bits>(bits_of(right))};
}
template <int n>
__forceinline__ VectorMask<n> below(WinnerOfMany<n> winner) {
  return mask_of<n>(winner.below);
}
template <int n>
__forceinline__ VectorMask<n> right(WinnerOfMany<n> winner) {
  return mask_of<n>(winner.right);
}

// ---- exp and log: S. L. Moshier's polynomials (Cephes 2.2, 1992), 2 units in the last place -----

template <int n>
__forceinline__ Vector<n> exp(Vector<n> x) {
  using V = Vector<n>;
  using Ints = typename V::Ints;
  x = max(x, V(-87.f));
  constexpr float kToInteger = 12582912.f;  // 1.5 * 2^23: what is added to it loses its fraction
  const V shifted = fma(x, V(1.44269504088896341f), V(kToInteger));
  const V whole = shifted - kToInteger;
  V r = fma(whole, V(-0.693359375f), x);
  r = fma(whole, V(2.12194440e-4f), r);
  V p = 1.9875691500e-4f;
  p = fma(p, r, V(1.3981999507e-3f));
  p = fma(p, r, V(8.3334519073e-3f));
  p = fma(p, r, V(4.1665795894e-2f));
  p = fma(p, r, V(1.6666665459e-1f));
  p = fma(p, r, V(5.0000001201e-1f));
  p = fma(p, r * r, r) + 1.f;
  const Ints power = (Ints(shifted.v) - 0x4B400000 + 127) << 23;
  return p * V(typename V::Floats(power));
}

template <int n>
__forceinline__ Vector<n> log(Vector<n> x) {
  using V = Vector<n>;
  using Ints = typename V::Ints;
  using Floats = typename V::Floats;
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)).
  constexpr std::int32_t kSqrtHalf = 0x3F3504F3;
  const Ints bits = Ints(x.v) - kSqrtHalf;
  const V e(__builtin_convertvector(bits >> 23, Floats));
  const V m = V(Floats((bits & 0x7FFFFF) + kSqrtHalf)) - 1.f;
  V p = 7.0376836292e-2f;
  p = fma(p, m, V(-1.1514610310e-1f));
  p = fma(p, m, V(1.1676998740e-1f));
  p = fma(p, m, V(-1.2420140846e-1f));
  p = fma(p, m, V(1.4249322787e-1f));
  p = fma(p, m, V(-1.6668057665e-1f));
  p = fma(p, m, V(2.0000714765e-1f));
  p = fma(p, m, V(-2.4999993993e-1f));
  p = fma(p, m, V(3.3333331174e-1f));
  const V square = m * m;
  p = fma(e, V(-2.12194440e-4f), p * m * square);
  p = fma(square, V(-0.5f), p);
  return fma(e, V(0.693359375f), m + p);
}

/// As many as a vector register holds.
#if defined(__AVX512VL__)
inline constexpr int kWidestLanes = 16;
#elif defined(__AVX__)
inline constexpr int kWidestLanes = 8;
#else
inline constexpr int kWidestLanes = 4;
#endif

#endif  // __CUDACC__

// ---- unrolling ----------------------------------------------------------------------------------

/// std::integral_constant, for kernels too.
template <int number>
struct Constant {
  static constexpr int value = number;
  HOURGLASS_HOST_DEVICE constexpr operator int() const {  // NOLINT(google-explicit-constructor)
    return value;
  }
};

namespace detail {

template <class F, int... k>
__device__ __forceinline__ void unrolled(F&& f, std::integer_sequence<int, k...>) {
  (f(Constant<k>{}), ...);
}

}  // namespace detail

/// Arrays indexed by k live in registers: no loop is left.
template <int n, class F>
__device__ __forceinline__ void unrolled(F&& f) {
  detail::unrolled(f, std::make_integer_sequence<int, n>{});
}

// ---- weights ------------------------------------------------------------------------------------

/// Two or four weights that lie together, on a multiple of their size. One load on a GPU, whose
/// threads can load an eighth of what they can multiply: all of a warp read the same ones.
template <int n>
struct alignas(n * sizeof(float)) Weights {
  float at[n];

  __device__ __forceinline__ float operator[](int i) const { return at[i]; }
};
template <int n>
__device__ __forceinline__ Weights<n> weights_at(const float* from) {
#ifdef __CUDACC__
  return *reinterpret_cast<const Weights<n>*>(from);
#else
  Weights<n> weights;
  unrolled<n>([&](auto i) { weights.at[i] = from[i]; });
  return weights;
#endif
}

}  // namespace hourglass::HOURGLASS_TARGET::lanes
