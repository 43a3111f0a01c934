// The 2 x 2 windows that pooling and upsampling share.
#pragma once

#include <cstdint>

#include "kernels/layers/planes.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Planes in the 32-bit numbers GPUs are quick with.
struct Grid2x2 {
  std::uint32_t height;  // of the fine side
  std::uint32_t width;
  std::uint32_t inner;
  std::uint32_t window_rows;
  std::uint32_t window_columns;
  std::uint32_t windows;  // over all images

  static Grid2x2 of(Planes fine) {
    return {simt::narrow(fine.height),
            simt::narrow(fine.width),
            simt::narrow(fine.inner),
            simt::narrow(fine.height / 2),
            simt::narrow(fine.width / 2),
            simt::narrow(fine.outer * (fine.height / 2) * (fine.width / 2))};
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
