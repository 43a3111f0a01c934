// The 2 x 2 windows that pooling and upsampling share.
#pragma once

#include <cstdint>

#include "math/layout.hpp"
#include "simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Planes in the 32-bit numbers GPUs are quick with.
struct Grid2x2 {
  std::uint32_t height;  // of the fine side
  std::uint32_t width;
  std::uint32_t inner;
  std::uint32_t window_rows;
  std::uint32_t window_columns;
  std::uint32_t windows;  // over all images

  /// `cover_odd`: windows that hang over an odd edge count too.
  static Grid2x2 of(Planes fine, bool cover_odd) {
    const auto half = [&](std::size_t n) {
      return static_cast<std::uint32_t>(cover_odd ? (n + 1) / 2 : n / 2);
    };
    const std::uint32_t rows = half(fine.height);
    const std::uint32_t columns = half(fine.width);
    return {static_cast<std::uint32_t>(fine.height),
            static_cast<std::uint32_t>(fine.width),
            static_cast<std::uint32_t>(fine.inner),
            rows,
            columns,
            static_cast<std::uint32_t>(fine.outer) * rows * columns};
  }
};

/// Where window number `index` lies: its image, row and column among the windows.
struct Window {
  std::uint32_t image;
  std::uint32_t row;
  std::uint32_t column;

  __device__ __forceinline__ Window(const Grid2x2& grid, std::uint32_t index)
      : image(index / (grid.window_rows * grid.window_columns)),
        row(index / grid.window_columns % grid.window_rows),
        column(index % grid.window_columns) {}

  /// First value of the fine cell at (dy, dx) in the window.
  __device__ __forceinline__ std::size_t fine(const Grid2x2& grid, std::uint32_t dy,
                                              std::uint32_t dx) const {
    return ((std::size_t{image} * grid.height + 2 * row + dy) * grid.width + 2 * column + dx) *
           grid.inner;
  }
};

}  // namespace hourglass::HOURGLASS_TARGET::kernels
