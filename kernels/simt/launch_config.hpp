// The shape of a launch, in plain C++: what headers that must not see CUDA may include.
#pragma once

#include <cstddef>

struct CUstream_st;  // what a cudaStream_t points to

namespace hourglass::HOURGLASS_TARGET::simt {

/// A cudaStream_t by its plain name. Null is the default stream; the host ignores it.
using StreamHandle = CUstream_st*;

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
  bool cooperative = false;  ///< All blocks are resident at once, so sync_grid() is allowed.
  /// All blocks are resident at once and wait for each other by the words of order.hpp. On the CPU,
  /// blocks of one thread are threads of the OS.
  bool communicating = false;
};

/// Enough blocks of 256 threads to fill the largest GPU we know twice over (132 SMs x 2048
/// threads); beyond that, elements() gives each thread more to do.
inline constexpr std::size_t kMaxGridPerElement = std::size_t{132} * 16;

/// Blocks needed for `count` things, `per_block` in each; never 0, so it is always a valid grid.
[[nodiscard]] constexpr std::size_t blocks_for(std::size_t count, std::size_t per_block) {
  return count == 0 ? 1 : (count - 1) / per_block + 1;
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
