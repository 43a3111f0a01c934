// The shape of a launch, in plain C++: what headers that must not see CUDA may include.
#pragma once

#include <algorithm>
#include <cstddef>

struct CUstream_st;  // what a cudaStream_t points to

namespace hourglass::HOURGLASS_TARGET::simt {

/// A cudaStream_t by its plain name. Null is the default stream; the host ignores it.
using StreamHandle = CUstream_st*;

inline constexpr unsigned kWarpSize = 32;

struct Dim3 {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;

  [[nodiscard]] constexpr std::size_t count() const { return std::size_t{x} * y * z; }
};

struct LaunchConfig {
  Dim3 grid{};
  Dim3 block{};
  std::size_t shared_bytes = 0;
  /// All blocks are resident at once, and may wait for each other by the words of order.hpp. On the
  /// CPU, blocks of one thread are threads of the OS.
  bool cooperative = false;
};

/// Enough blocks of 256 threads to fill the largest GPU we know twice over (148 multiprocessors of
/// 2048 threads); beyond that, elements() gives each thread more to do. A constant, so that sums by
/// block are the same on every GPU.
inline constexpr std::size_t kMaxGridPerElement = std::size_t{148} * 16;

/// Blocks needed for `count` things, `per_block` in each; never 0, so it is always a valid grid.
[[nodiscard]] constexpr std::size_t blocks_for(std::size_t count, std::size_t per_block) {
  return count == 0 ? 1 : (count - 1) / per_block + 1;
}

// ---- a GPU's launch shapes, which the emulation takes too ---------------------------------------

namespace gpu {

/// For kernels that loop over elements(n).
[[nodiscard]] constexpr LaunchConfig per_element(std::size_t n, unsigned block = 256,
                                                 std::size_t shared_bytes = 0) {
  const std::size_t grid = std::min(blocks_for(n, block), kMaxGridPerElement);
  return {.grid = {static_cast<unsigned>(grid)}, .block = {block}, .shared_bytes = shared_bytes};
}

/// One block for each of `count` rows, images, ...
[[nodiscard]] constexpr LaunchConfig per_block(std::size_t count, unsigned block,
                                               std::size_t shared_bytes = 0) {
  return {.grid = {static_cast<unsigned>(count)}, .block = {block}, .shared_bytes = shared_bytes};
}

/// For kernels that loop over warp_elements(n).
[[nodiscard]] constexpr LaunchConfig per_warp(std::size_t n, unsigned block = 256,
                                              std::size_t shared_bytes = 0) {
  const std::size_t grid = std::min(blocks_for(n, block / kWarpSize), kMaxGridPerElement);
  return {.grid = {static_cast<unsigned>(grid)}, .block = {block}, .shared_bytes = shared_bytes};
}

}  // namespace gpu

}  // namespace hourglass::HOURGLASS_TARGET::simt
