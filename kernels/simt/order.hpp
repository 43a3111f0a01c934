// The words blocks speak to each other with while they run: atomic 32-bit words with C++'s memory
// orders, which mean the same on both targets (cuda::atomic_ref, std::atomic_ref). Only in launches
// whose config is `cooperative`, so that all blocks are there.
//
//   load_relaxed(address)   load_acquire(address)
//   store_relaxed(address, v)   store_release(address, v)
//   add_relaxed(address, v)   add_acq_rel(address, v)   the old value
//   exchange_acq_rel(address, v)                        the old value
//   wait_while(address, v, gives_up)           until *address is another, with an acquire; false
//                                              if gives_up() says so, which is asked now and then
//   wake_all(address)                          those that wait_while *address: after storing there
//   ticks()                                    a clock: nanoseconds, from some past moment; a GPU's
//                                              may stand still for a microsecond or more
#pragma once

#include <cstdint>

#include "kernels/simt/atomic_word.hpp"
#include "kernels/simt/simt.hpp"

#ifndef __CUDACC__
#include <chrono>
#endif

namespace hourglass::HOURGLASS_TARGET::simt {

__device__ inline std::uint32_t load_relaxed(std::uint32_t* address) {
  return detail::AtomicWord(*address).load(detail::orders::memory_order_relaxed);
}
__device__ inline std::uint32_t load_acquire(std::uint32_t* address) {
  return detail::AtomicWord(*address).load(detail::orders::memory_order_acquire);
}
__device__ inline void store_relaxed(std::uint32_t* address, std::uint32_t value) {
  detail::AtomicWord(*address).store(value, detail::orders::memory_order_relaxed);
}
__device__ inline void store_release(std::uint32_t* address, std::uint32_t value) {
  detail::AtomicWord(*address).store(value, detail::orders::memory_order_release);
}
__device__ inline std::uint32_t add_relaxed(std::uint32_t* address, std::uint32_t value) {
  return detail::AtomicWord(*address).fetch_add(value, detail::orders::memory_order_relaxed);
}
__device__ inline std::uint32_t add_acq_rel(std::uint32_t* address, std::uint32_t value) {
  return detail::AtomicWord(*address).fetch_add(value, detail::orders::memory_order_acq_rel);
}
__device__ inline std::uint32_t exchange_acq_rel(std::uint32_t* address, std::uint32_t value) {
  return detail::AtomicWord(*address).exchange(value, detail::orders::memory_order_acq_rel);
}

#ifdef __CUDACC__

__device__ inline std::uint64_t ticks() {
  std::uint64_t now = 0;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

template <class GivesUp>
__device__ bool wait_while(std::uint32_t* address, std::uint32_t value, GivesUp&& gives_up) {
  constexpr int kPollsBetween = 1024;
  for (int polls = 0; load_acquire(address) == value; ++polls) {
    if (polls == kPollsBetween) {
      if (gives_up()) return false;
      polls = 0;
    }
  }
  return true;
}

__device__ inline void wake_all(std::uint32_t* /*address*/) {}

#else

inline std::uint64_t ticks() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

template <class GivesUp>
bool wait_while(std::uint32_t* address, std::uint32_t value, GivesUp&& gives_up) {
  if (!detail::alone() || detail::emulated()) {
    detail::require_cooperative();
    while (load_acquire(address) == value) {
      if (gives_up()) return false;
      detail::pause();
    }
    return true;
  }
  detail::Patience patience;
  while (load_acquire(address) == value) {
    if (patience.is_over() && gives_up()) return false;
    patience.wait_while(address, value);
  }
  return true;
}

inline void wake_all(std::uint32_t* address) {
  detail::wake(address);
}

#endif

}  // namespace hourglass::HOURGLASS_TARGET::simt
