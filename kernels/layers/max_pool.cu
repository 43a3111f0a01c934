#include "kernels/layers/max_pool.hpp"
#include "kernels/layers/windows.cuh"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// One window an element, its channels in the inner loop: adjacent in NHWC, a single one in NCHW.
__global__ void max_pool_forward_kernel(const float* __restrict__ x, Grid2x2 grid,
                                        float* __restrict__ y) {
  for (const auto index : simt::elements(grid.windows)) {
    const Window window(grid, index);
    const float* x00 = x + window.fine(grid, 0, 0);
    const float* x01 = x + window.fine(grid, 0, 1);
    const float* x10 = x + window.fine(grid, 1, 0);
    const float* x11 = x + window.fine(grid, 1, 1);
    float* to = y + std::size_t{index} * grid.inner;
    for (std::uint32_t c = 0; c < grid.inner; ++c) {
      const float top = x00[c] < x01[c] ? x01[c] : x00[c];
      const float bottom = x10[c] < x11[c] ? x11[c] : x10[c];
      to[c] = top < bottom ? bottom : top;
    }
  }
}

// Every cell of dx is written exactly once, so dx needs no clearing.
template <bool relu>
__global__ void max_pool_backward_kernel(const float* __restrict__ x, const float* __restrict__ y,
                                         const float* __restrict__ dy, Grid2x2 grid,
                                         float* __restrict__ dx) {
  for (const auto index : simt::elements(grid.windows)) {
    const Window window(grid, index);
    const std::size_t i00 = window.fine(grid, 0, 0);
    const std::size_t i01 = window.fine(grid, 0, 1);
    const std::size_t i10 = window.fine(grid, 1, 0);
    const std::size_t i11 = window.fine(grid, 1, 1);
    const std::size_t coarse = std::size_t{index} * grid.inner;
    for (std::uint32_t c = 0; c < grid.inner; ++c) {
      const float best = y[coarse + c];
      const float gradient = !relu || best > 0.f ? dy[coarse + c] : 0.f;
      // Selections, not branches: the loop over channels becomes vector instructions on a CPU.
      const bool at00 = x[i00 + c] == best;
      const bool at01 = !at00 & (x[i01 + c] == best);
      const bool at10 = !(at00 | at01) & (x[i10 + c] == best);
      dx[i00 + c] = at00 ? gradient : 0.f;
      dx[i01 + c] = at01 ? gradient : 0.f;
      dx[i10 + c] = at10 ? gradient : 0.f;
      dx[i11 + c] = at00 | at01 | at10 ? 0.f : gradient;
    }
  }
}

// The last column and row of odd maps, which no window covers.
__global__ void clear_odd_edges_kernel(Grid2x2 grid, std::uint32_t images, float* __restrict__ dx) {
  for (const auto cell : simt::elements(images * grid.height * grid.width)) {
    const std::uint32_t column = cell % grid.width;
    const std::uint32_t row = cell / grid.width % grid.height;
    if (column < 2 * grid.window_columns && row < 2 * grid.window_rows) continue;
    for (std::uint32_t c = 0; c < grid.inner; ++c) dx[std::size_t{cell} * grid.inner + c] = 0.f;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void max_pool_forward(simt::StreamHandle stream, const float* x, Planes x_planes, float* y) {
  const Grid2x2 grid = Grid2x2::of(x_planes);
  simt::launch(stream, simt::per_element(grid.windows), max_pool_forward_kernel, x, grid, y);
}

void max_pool_backward(simt::StreamHandle stream, const float* x, const float* y, const float* dy,
                       bool relu, Planes x_planes, float* dx) {
  const Grid2x2 grid = Grid2x2::of(x_planes);
  simt::launch(stream, simt::per_element(grid.windows),
               relu ? max_pool_backward_kernel<true> : max_pool_backward_kernel<false>, x, y, dy,
               grid, dx);
  if (x_planes.height % 2 != 0 || x_planes.width % 2 != 0) {
    const std::size_t cells = x_planes.size() / x_planes.inner;
    simt::launch(stream, simt::per_element(cells), clear_odd_edges_kernel, grid,
                 simt::narrow(x_planes.outer), dx);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
