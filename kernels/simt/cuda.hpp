// CUDA's vocabulary on CUDA: each word is the built-in one, under the name the host knows too.
#pragma once

#include <cuda_runtime.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/simt/common.hpp"
#include "kernels/simt/launch_config.hpp"

// NOLINTNEXTLINE(bugprone-reserved-identifier,cppcoreguidelines-macro-usage)
#define __phase__

namespace hourglass::HOURGLASS_TARGET::simt {

namespace detail {

/// The integer of T's size, as CUDA's built-ins name it: std::uint64_t is unsigned long to g++, but
/// they only take unsigned long long.
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, unsigned, unsigned long long>;

template <class T>
using Word = std::conditional_t<std::integral<T> && sizeof(T) == 8, unsigned long long, T>;

template <class T>
__device__ Word<T>* word(T* address) {
  return reinterpret_cast<Word<T>*>(address);
}

template <class To, class From>
__device__ To bit_cast(const From& from) {  // std::bit_cast is no device function
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

}  // namespace detail

/// Values that one thread had best work on side by side, as an array: threads are its vector lanes.
inline constexpr unsigned kVectorWidth = 1;
inline constexpr bool kGpuShapes = true;

// ---- elements -----------------------------------------------------------------------------------

/// Neighbouring threads touch neighbouring elements: the stride is all threads. Counted in a type
/// that last + stride fits: 32 bits where that is enough.
template <std::integral T>
__device__ auto elements(T n) {
  using Counter = std::conditional_t<std::same_as<T, std::int32_t>, std::uint32_t, std::uint64_t>;
  return Elements<T, Counter>(static_cast<Counter>(global_thread()), static_cast<Counter>(n),
                              static_cast<Counter>(global_thread_count()));
}

template <std::integral T>
__device__ auto block_elements(T n) {
  using Counter = std::conditional_t<std::same_as<T, std::int32_t>, std::uint32_t, std::uint64_t>;
  return Elements<T, Counter>(block_thread(), static_cast<Counter>(n), block_thread_count());
}

template <std::integral T>
__device__ auto warp_elements(T n) {
  using Counter = std::conditional_t<std::same_as<T, std::int32_t>, std::uint32_t, std::uint64_t>;
  const std::size_t warps = block_warp_count();
  return Elements<T, Counter>(static_cast<Counter>(blockIdx.x * warps + warp()),
                              static_cast<Counter>(n), static_cast<Counter>(gridDim.x * warps));
}

// ---- what CUDA's math has and the host's lacks --------------------------------------------------

__device__ inline float cos_pi(float x) {
  return cospif(x);
}
__device__ inline float fast_divide(float a, float b) {
  return __fdividef(a, b);
}

__device__ inline float fast_exp(float x) {
  return x < -87.f ? 0.f : expf(x);
}
__device__ inline float fast_log(float x) {
  return logf(x);
}

// ---- a float's bits -----------------------------------------------------------------------------

__device__ inline std::uint32_t float_bits(float value) {
  return __float_as_uint(value);
}
__device__ inline float float_from_bits(std::uint32_t bits) {
  return __uint_as_float(bits);
}

// ---- shared memory and barriers -----------------------------------------------------------------

template <class Smem>
__device__ Smem& shared() {
  extern __shared__ __align__(128) unsigned char hourglass_shared_memory[];
  return *reinterpret_cast<Smem*>(hourglass_shared_memory);
}

__device__ inline void sync_block() {
  __syncthreads();
}
__device__ inline void sync_warp(unsigned mask = kFullMask) {
  __syncwarp(mask);
}

// ---- shuffles -----------------------------------------------------------------------------------

template <WarpValue T>
__device__ T shuffle(T value, unsigned source_lane, unsigned mask = kFullMask) {
  const auto bits = detail::bit_cast<detail::Bits<T>>(value);
  return detail::bit_cast<T>(__shfl_sync(mask, bits, static_cast<int>(source_lane)));
}

template <WarpValue T>
__device__ T shuffle_down(T value, unsigned delta, unsigned mask = kFullMask) {
  const auto bits = detail::bit_cast<detail::Bits<T>>(value);
  return detail::bit_cast<T>(__shfl_down_sync(mask, bits, delta));
}

template <WarpValue T>
__device__ T shuffle_xor(T value, unsigned lane_bits, unsigned mask = kFullMask) {
  const auto bits = detail::bit_cast<detail::Bits<T>>(value);
  return detail::bit_cast<T>(__shfl_xor_sync(mask, bits, static_cast<int>(lane_bits)));
}

template <WarpValue T, int n>
__device__ Several<T, n> shuffle_xor(const Several<T, n>& values, unsigned lane_bits,
                                     unsigned mask = kFullMask) {
  Several<T, n> received;
#pragma unroll
  for (int i = 0; i < n; ++i) received.values[i] = shuffle_xor(values.values[i], lane_bits, mask);
  return received;
}

// ---- votes and sums of a warp -------------------------------------------------------------------

__device__ inline unsigned ballot(bool mine, unsigned mask = kFullMask) {
  return __ballot_sync(mask, mine);
}

/// One instruction, from compute capability 8.0 on.
template <WarpInteger T>
__device__ T warp_total(T value) {
#if __CUDA_ARCH__ >= 800
  return __reduce_add_sync(kFullMask >> (kWarpSize - warp_thread_count()), value);
#else
  for (unsigned bits = 1; bits < kWarpSize; bits *= 2) {
    const T other = shuffle_xor(value, bits);
    if ((lane() ^ bits) < warp_thread_count()) value += other;
  }
  return shuffle(value, 0);
#endif
}

__device__ inline unsigned count_bits(unsigned bits) {
  return static_cast<unsigned>(__popc(bits));
}

// ---- atomics ------------------------------------------------------------------------------------

template <AtomicAddend T>
__device__ T atomic_add(T* address, std::type_identity_t<T> value) {
  return static_cast<T>(atomicAdd(detail::word(address), static_cast<detail::Word<T>>(value)));
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
