// Launchers of kernels that between them use every word of simt.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/fused/train.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// counts[i] += 1 for i in 0..n-1, once in each index type.
void count_elements(simt::StreamHandle stream, unsigned* counts, std::size_t n);

/// What one thread sees: out[global linear thread].
struct Place {
  unsigned block_thread, block_thread_count, block_warp_count, lane, warp, warp_thread_count;
};
void tell_places(simt::StreamHandle stream, const simt::LaunchConfig& config, Place* out);

/// What one thread got from its warp, having sent its lane in one way or another.
struct Exchanged {
  unsigned broadcast;   ///< shuffle from lane 0
  unsigned rotated;     ///< shuffle from lane + 33, that is from lane + 1 modulo 32
  float down;           ///< shuffle_down by 5 of lane + 0.5
  double flipped;       ///< shuffle_xor with 1 of lane + 0.25
  std::uint64_t wide;   ///< shuffle_xor with 1 of lane << 40
  unsigned half;        ///< shuffle from the first lane of the same half of the warp, of lane
  unsigned several[3];  ///< shuffle_xor with 1 of lane, 2 lane and 7, together
  unsigned votes;       ///< ballot of lane % 3 == 0
  unsigned bits;        ///< count_bits(votes)
  unsigned total;       ///< warp_total of lane + 1
  int signed_total;     ///< warp_total of -lane
  float of_four[2];     ///< group_sum of lane and of 1 over four lanes; zeros where there are fewer
};
void exchange(simt::StreamHandle stream, const simt::LaunchConfig& config, Exchanged* out);

/// Each thread adds 1, or a half, a quarter, 2^32.
struct Tally {
  std::uint32_t add_u32;
  std::uint64_t add_u64;
  float add_f32;
  double add_f64;
};
/// `tickets[t]` counts who got the old value t from add_u32.
void tally(simt::StreamHandle stream, const simt::LaunchConfig& config, Tally* out,
           unsigned* tickets);

/// What CUDA has and the host lacks, of x[i] and y[i].
struct Computed {
  float cos_pi;     ///< of x
  float quotient;   ///< fast_divide(x, y)
  float from_bits;  ///< x by way of its bits
};
void compute(simt::StreamHandle stream, const float* x, const float* y, std::size_t n,
             Computed* out);

/// Reverses each block's 256 values (or its last few) `rounds` times by way of shared memory.
void reverse_in_blocks(simt::StreamHandle stream, simt::LaunchConfig config, float* values,
                       int rounds);

/// sums[t] = the sum of the block's values, as thread t got it. Twice, with one scratch.
void sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const float* values,
                float* sums);
void sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const double* values,
                double* sums);
void sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const std::uint64_t* values,
                std::uint64_t* sums);

/// `rounds` times: each thread hands its value to the thread of the same place in the next block.
/// Both buffers have one value for each thread of the grid; the result is in `values`. Between
/// rounds the blocks meet, as the fused engine's do, by the words of order.hpp. They have the
/// shared memory that `config` says, or what they need.
void pass_round(simt::StreamHandle stream, simt::LaunchConfig config, unsigned* values,
                unsigned* buffer, fused::Exchange* exchange, int rounds);
/// Blocks of it that can be resident at once.
std::size_t resident_blocks(unsigned block, std::size_t shared_bytes);

}  // namespace hourglass::HOURGLASS_TARGET
