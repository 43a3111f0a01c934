#include "layers/max_pool.hpp"
#include "layers/windows.cuh"
#include "simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// One window an element, its channels in the inner loop: adjacent in NHWC, a single one in NCHW.
__global__ void max_pool_forward_kernel(const float* __restrict__ x, Grid2x2 grid,
                                        float* __restrict__ y, std::uint8_t* __restrict__ winner) {
  for (const auto index : simt::elements(grid.windows)) {
    const Window window(grid, index);
    const float* x00 = x + window.fine(grid, 0, 0);
    const float* x01 = x + window.fine(grid, 0, 1);
    const float* x10 = x + window.fine(grid, 1, 0);
    const float* x11 = x + window.fine(grid, 1, 1);
    const std::size_t coarse = std::size_t{index} * grid.inner;
    for (std::uint32_t c = 0; c < grid.inner; ++c) {
      // Selections, not branches, and `>`: the first of equals stays.
      float best = x00[c];
      std::uint32_t place = 0;
      place = x01[c] > best ? 1u : place;
      best = x01[c] > best ? x01[c] : best;
      place = x10[c] > best ? 2u : place;
      best = x10[c] > best ? x10[c] : best;
      place = x11[c] > best ? 3u : place;
      best = x11[c] > best ? x11[c] : best;
      y[coarse + c] = best;
      winner[coarse + c] = static_cast<std::uint8_t>(place);
    }
  }
}

// Every cell of dx is written exactly once, so dx needs no clearing. `grid` covers odd edges: windows
// that hang over one have no winner.
template <bool relu>
__global__ void max_pool_backward_kernel(const float* __restrict__ dy, const float* __restrict__ y,
                                         const std::uint8_t* __restrict__ winner, Grid2x2 grid,
                                         float* __restrict__ dx) {
  const std::uint32_t rows = grid.height / 2;
  const std::uint32_t columns = grid.width / 2;
  for (const auto index : simt::elements(grid.windows)) {
    const Window window(grid, index);
    const bool whole = window.row < rows && window.column < columns;
    const std::size_t coarse =
        ((std::size_t{window.image} * rows + window.row) * columns + window.column) * grid.inner;
    for (std::uint32_t place = 0; place < 4; ++place) {
      const std::uint32_t row = place / 2;
      const std::uint32_t column = place % 2;
      if (2 * window.row + row >= grid.height || 2 * window.column + column >= grid.width) continue;
      float* to = dx + window.fine(grid, row, column);
      if (!whole) {
        for (std::uint32_t c = 0; c < grid.inner; ++c) to[c] = 0.f;
        continue;
      }
      for (std::uint32_t c = 0; c < grid.inner; ++c) {
        const bool open = !relu || y[coarse + c] > 0.f;
        to[c] = winner[coarse + c] == place && open ? dy[coarse + c] : 0.f;
      }
    }
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void max_pool_forward(device::Stream& stream, const float* x, Planes x_planes, float* y,
                      std::uint8_t* winner) {
  const Grid2x2 grid = Grid2x2::of(x_planes, false);
  simt::launch(stream.handle(), simt::per_element(grid.windows), max_pool_forward_kernel, x, grid,
               y, winner);
}

void max_pool_backward(device::Stream& stream, const float* dy, const float* y,
                       const std::uint8_t* winner, bool relu, Planes x_planes, float* dx) {
  const Grid2x2 grid = Grid2x2::of(x_planes, true);
  simt::launch(stream.handle(), simt::per_element(grid.windows),
               relu ? max_pool_backward_kernel<true> : max_pool_backward_kernel<false>, dy, y,
               winner, grid, dx);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
