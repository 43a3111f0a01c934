// What both targets spell alike: who a thread is, and which types the wrappers take. Comes after
// the target has given a meaning to the keywords and to threadIdx, blockIdx, blockDim, gridDim.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

inline constexpr unsigned kFullMask = 0xFFFFFFFF;

// ---- who am I -----------------------------------------------------------------------------------

__device__ inline unsigned block_thread_count() {
  return blockDim.x * blockDim.y * blockDim.z;
}

__device__ inline unsigned block_thread() {
  return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
}

__device__ inline unsigned lane() {
  return block_thread() % kWarpSize;
}

/// The warp's index in its block.
__device__ inline unsigned warp() {
  return block_thread() / kWarpSize;
}

__device__ inline unsigned block_warp_count() {
  return (block_thread_count() - 1) / kWarpSize + 1;
}

/// Threads in this warp: fewer than kWarpSize in the last one of an odd-sized block.
__device__ inline unsigned warp_thread_count() {
  const unsigned from_here = block_thread_count() - warp() * kWarpSize;
  return from_here < kWarpSize ? from_here : kWarpSize;
}

/// Index over all threads of a 1-D grid.
__device__ inline std::size_t global_thread() {
  return std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
}

__device__ inline std::size_t global_thread_count() {
  return std::size_t{gridDim.x} * blockDim.x;
}

// ---- the range behind elements(n) ---------------------------------------------------------------

/// first, first + step, ... while below last. Counter is the type it counts in: `last + step` fits.
template <class T, class Counter>
class Elements {
 public:
  class Iterator {
   public:
    __device__ constexpr Iterator(Counter at, Counter step) : at_(at), step_(step) {}
    __device__ constexpr T operator*() const { return static_cast<T>(at_); }
    __device__ constexpr Iterator& operator++() {
      at_ = static_cast<Counter>(at_ + step_);
      return *this;
    }
    // "Not at the end" is "below it": a step need not hit it, and loops with < vectorise.
    __device__ constexpr bool operator!=(Counter last) const { return at_ < last; }

   private:
    Counter at_;
    Counter step_;
  };

  __device__ constexpr Elements(Counter first, Counter last, Counter step)
      : first_(first), last_(last), step_(step) {}
  __device__ constexpr Iterator begin() const { return {first_, step_}; }
  __device__ constexpr Counter end() const { return last_; }

 private:
  Counter first_;
  Counter last_;
  Counter step_;
};

// ---- what shuffles and atomics take -------------------------------------------------------------

template <class T>
concept WarpValue = std::is_trivially_copyable_v<T> &&(sizeof(T) == 4 || sizeof(T) == 8);

/// Values that a lane gives away together: one meeting of the warp for them all.
template <WarpValue T, int n>
struct Several {
  T values[n];
};

template <class T>
concept WarpInteger = std::integral<T> && sizeof(T) == 4;

/// uint32 and uint64 (as unsigned long or unsigned long long), float and double.
template <class T>
concept AtomicAddend = (std::unsigned_integral<T> && (sizeof(T) == 4 || sizeof(T) == 8)) ||
                       std::same_as<T, float> || std::same_as<T, double>;

}  // namespace hourglass::HOURGLASS_TARGET::simt
