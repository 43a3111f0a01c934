// CUDA's vocabulary on CUDA: each word is the built-in one, under the name the host knows too.
#pragma once

#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <hourglass/error.hpp>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

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
__device__ inline void sync_grid() {
  cooperative_groups::this_grid().sync();
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

// ---- atomics ------------------------------------------------------------------------------------

template <AtomicAddend T>
__device__ T atomic_add(T* address, std::type_identity_t<T> value) {
  return static_cast<T>(atomicAdd(detail::word(address), static_cast<detail::Word<T>>(value)));
}

// ---- launch -------------------------------------------------------------------------------------

/// How many blocks of a kernel can be resident at once; 0 where none can, say for want of memory.
template <class... P>
[[nodiscard]] std::size_t resident_blocks(void (*kernel)(P...), unsigned block,
                                          std::size_t shared_bytes) {
  const auto ask = [](cudaError_t error) {
    if (error != cudaSuccess) (void)cudaGetLastError();
    return error == cudaSuccess;
  };
  int device = 0;
  int processors = 0;
  int each = 0;
  const auto* function = reinterpret_cast<const void*>(kernel);
  const bool known =
      ask(cudaGetDevice(&device)) &&
      ask(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device)) &&
      ask(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared_bytes))) &&
      ask(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, function, static_cast<int>(block),
                                                        shared_bytes));
  return known ? static_cast<std::size_t>(processors) * static_cast<std::size_t>(each) : 0;
}

using gpu::per_block;
using gpu::per_element;
using gpu::per_warp;

namespace detail {

[[noreturn]] inline void throw_launch_error(const void* kernel, const LaunchConfig& config,
                                            cudaError_t error) {
  (void)cudaGetLastError();  // told here; it must not surface again at the next check
  const char* name = nullptr;
  if (cudaFuncGetName(&name, kernel) != cudaSuccess) name = "a kernel";
  const auto text = [](const Dim3& d) {
    return std::to_string(d.x) + "x" + std::to_string(d.y) + "x" + std::to_string(d.z);
  };
  throw Error(std::string("cannot launch ") + name + " as " + text(config.grid) + " blocks of " +
              text(config.block) + " threads with " + std::to_string(config.shared_bytes) +
              " bytes of shared memory: " + cudaGetErrorString(error));
}

inline void launch(StreamHandle stream, const LaunchConfig& config, const void* kernel,
                   void** arguments) {
  if (config.grid.count() == 0) return;
  const auto check = [&](cudaError_t error) {
    if (error != cudaSuccess) throw_launch_error(kernel, config, error);
  };
  constexpr std::size_t kGivenWithoutAsking = 48 * 1024;
  if (config.shared_bytes > kGivenWithoutAsking) {
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(config.shared_bytes)));
  }
  cudaLaunchAttribute cooperative{};
  cooperative.id = cudaLaunchAttributeCooperative;
  cooperative.val.cooperative = 1;
  cudaLaunchConfig_t launch{};
  launch.gridDim = {config.grid.x, config.grid.y, config.grid.z};
  launch.blockDim = {config.block.x, config.block.y, config.block.z};
  launch.dynamicSmemBytes = config.shared_bytes;
  launch.stream = stream;
  launch.attrs = &cooperative;
  launch.numAttrs = config.cooperative || config.communicating ? 1 : 0;
  check(cudaLaunchKernelExC(&launch, kernel, arguments));
}

}  // namespace detail

template <class... P, class... A>
void launch(StreamHandle stream, const LaunchConfig& config, void (*kernel)(P...), A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "as many arguments as the kernel has parameters");
  std::tuple<P...> values{std::forward<A>(args)...};
  auto pointers =
      std::apply([](auto&... value) { return std::array<void*, sizeof...(P)>{&value...}; }, values);
  detail::launch(stream, config, reinterpret_cast<const void*>(kernel), pointers.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
