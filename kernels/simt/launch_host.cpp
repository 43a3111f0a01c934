// The shapes of launches on the CPU.
#include "kernels/simt/launch_host.hpp"

#include <omp.h>

#include <algorithm>
#include <limits>

#include "kernels/simt/emulation.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

namespace {

/// Blocks of one thread in plain order.
unsigned chunks(std::size_t n, std::size_t chunk) {
  constexpr std::size_t kMaxChunks = 64;
  return static_cast<unsigned>(std::min(blocks_for(n, chunk), kMaxChunks));
}

}  // namespace

LaunchConfig per_element(std::size_t n, unsigned block, std::size_t shared_bytes) {
  if (emulation().order != ThreadOrder::plain) return gpu::per_element(n, block, shared_bytes);
  // Chunks worth a thread's while, and few enough that starting them costs nothing.
  constexpr std::size_t kChunk = 4096;
  return {.grid = {chunks(n, kChunk)}, .shared_bytes = shared_bytes};
}

LaunchConfig per_block(std::size_t count, unsigned block, std::size_t shared_bytes) {
  const unsigned threads = emulation().order == ThreadOrder::plain ? 1 : block;
  return gpu::per_block(count, threads, shared_bytes);
}

LaunchConfig per_warp(std::size_t n, unsigned block, std::size_t shared_bytes) {
  if (emulation().order != ThreadOrder::plain) return gpu::per_warp(n, block, shared_bytes);
  constexpr std::size_t kChunk = 64;  // items that a whole warp works on are worth more
  return {.grid = {chunks(n, kChunk)}, .shared_bytes = shared_bytes};
}

std::size_t most_shared_bytes() {
  return emulation().order == ThreadOrder::plain ? std::numeric_limits<std::size_t>::max()
                                                 : emulation().shared_bytes;
}

std::size_t resident_threads() {
  constexpr std::size_t kEmulated = 5;
  return emulation().order == ThreadOrder::plain ? static_cast<std::size_t>(omp_get_max_threads())
                                                 : kEmulated;
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
