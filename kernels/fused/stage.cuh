// Where a block stands: for the watchdog's report, and for the clock that says what phases cost.
#pragma once

#include <cstdint>

#include "kernels/fused/phase.hpp"
#include "kernels/simt/order.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {

/// One a thread; the block's first one keeps the records.
class Stage {
 public:
  /// `place` is this block's word in device memory; `clock` its kPhaseCount counters, or null.
  __device__ Stage(std::uint32_t* place, std::uint64_t* clock)
      : place_(simt::block_thread() == 0 ? place : nullptr),
        clock_(simt::block_thread() == 0 ? clock : nullptr),
        since_(clock_ == nullptr ? 0 : simt::ticks()) {}

  __device__ void begin_step(std::uint32_t step) { step_ = step; }

  __device__ void enter(Phase phase) {
    if (place_ != nullptr) simt::store_relaxed(place_, place_word(step_, phase));
    if (clock_ != nullptr) {
      const std::uint64_t now = simt::ticks();
      // One more, so that what was entered is not 0 where the clock ticks in microseconds.
      clock_[static_cast<int>(phase_)] += now - since_ + 1;
      since_ = now;
    }
    phase_ = phase;
  }

 private:
  std::uint32_t* place_;
  std::uint64_t* clock_;
  std::uint64_t since_;
  std::uint32_t step_ = 0;
  Phase phase_ = Phase::setup;
};

}  // namespace hourglass::HOURGLASS_TARGET::fused
