// How blocks share out a batch and wait for each other.
#pragma once

#include <cstdint>

#include "kernels/fused/train.hpp"
#include "kernels/simt/order.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {

class Meeting {
 public:
  /// `word` is the block's, in shared memory.
  __device__ Meeting(Exchange& exchange, std::uint32_t& word, std::uint64_t patience)
      : exchange_(exchange), word_(word), patience_(patience) {}

  /// This block's next group of a batch. Where every block has one at most it is fixed which; else
  /// blocks come for them: who is late, on a busy machine, gets fewer.
  __device__ std::uint32_t first_group(std::uint32_t groups, std::uint32_t& claimed) {
    return groups <= gridDim.x ? blockIdx.x : claim(claimed);
  }
  __device__ std::uint32_t next_group(std::uint32_t groups, std::uint32_t& claimed) {
    return groups <= gridDim.x ? groups : claim(claimed);
  }

  /// Waits until all blocks have come: what they wrote before, all may read after. False, in all
  /// threads, if one's patience has ended; then nobody meets any more.
  __device__ bool meet() {
    simt::sync_block();  // what this block's threads wrote is thread 0's to release
    if (simt::block_thread() == 0) word_ = arrive_and_wait() ? 1 : 0;
    simt::sync_block();
    return word_ != 0;
  }

 private:
  __device__ std::uint32_t claim(std::uint32_t& claimed) {
    simt::sync_block();  // all have read the last claim
    // Says whose the group is and nothing of what is in memory: relaxed.
    if (simt::block_thread() == 0) word_ = simt::add_relaxed(&claimed, 1);
    simt::sync_block();
    return word_;
  }

  __device__ bool arrive_and_wait() {
    const std::uint32_t generation = simt::load_relaxed(&exchange_.generation);
    // Releases this block's writes; the last acquires all others', and hands them on.
    if (simt::add_acq_rel(&exchange_.arrived, 1) + 1 == gridDim.x) {
      // Who arrives again has seen the new generation, and with it this.
      simt::store_relaxed(&exchange_.arrived, 0);
      simt::store_release(&exchange_.generation, generation + 1);
      simt::wake_all(&exchange_.generation);
      return true;
    }
    const std::uint64_t since = simt::ticks();
    return simt::wait_while(&exchange_.generation, generation, [&] {
      if (patience_ == 0) return false;
      if (simt::load_relaxed(&exchange_.given_up) != 0) return true;
      if (simt::ticks() - since < patience_) return false;
      simt::store_relaxed(&exchange_.given_up, blockIdx.x + 1);
      return true;
    });
  }

  Exchange& exchange_;
  std::uint32_t& word_;
  std::uint64_t patience_;
};

}  // namespace hourglass::HOURGLASS_TARGET::fused
