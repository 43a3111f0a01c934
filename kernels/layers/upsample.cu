#include "kernels/layers/upsample.hpp"
#include "kernels/layers/windows.cuh"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// One coarse cell an element, its channels in the inner loop.
__global__ void upsample_forward_kernel(const float* __restrict__ x, Grid2x2 grid,
                                        float* __restrict__ y) {
  for (const auto index : simt::elements(grid.windows)) {
    const Window window(grid, index);
    const float* from = x + std::size_t{index} * grid.inner;
    for (std::uint32_t row = 0; row < 2; ++row) {
      float* left = y + window.fine(grid, row, 0);
      float* right = y + window.fine(grid, row, 1);
      for (std::uint32_t c = 0; c < grid.inner; ++c) {
        left[c] = from[c];
        right[c] = from[c];
      }
    }
  }
}

template <bool relu>
__global__ void upsample_backward_kernel(const float* __restrict__ dy, const float* __restrict__ x,
                                         Grid2x2 grid, float* __restrict__ dx) {
  for (const auto index : simt::elements(grid.windows)) {
    const Window window(grid, index);
    const float* d00 = dy + window.fine(grid, 0, 0);
    const float* d01 = dy + window.fine(grid, 0, 1);
    const float* d10 = dy + window.fine(grid, 1, 0);
    const float* d11 = dy + window.fine(grid, 1, 1);
    const std::size_t coarse = std::size_t{index} * grid.inner;
    for (std::uint32_t c = 0; c < grid.inner; ++c) {
      const float sum = d00[c] + d01[c] + d10[c] + d11[c];
      dx[coarse + c] = !relu || x[coarse + c] > 0.f ? sum : 0.f;
    }
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void upsample_forward(simt::StreamHandle stream, const float* x, Planes y_planes, float* y) {
  const Grid2x2 grid = Grid2x2::of(y_planes);
  simt::launch(stream, simt::per_element(grid.windows), upsample_forward_kernel, x, grid, y);
}

void upsample_backward(simt::StreamHandle stream, const float* dy, const float* x, bool relu,
                       Planes y_planes, float* dx) {
  const Grid2x2 grid = Grid2x2::of(y_planes);
  simt::launch(stream, simt::per_element(grid.windows),
               relu ? upsample_backward_kernel<true> : upsample_backward_kernel<false>, dy, x, grid,
               dx);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
