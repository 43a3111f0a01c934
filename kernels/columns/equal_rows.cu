#include "kernels/columns/equal_rows.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// A warp a pair.
__global__ void equal_rows_kernel(const float* __restrict__ x,
                                  const std::uint32_t* __restrict__ of_x,
                                  const float* __restrict__ y,
                                  const std::uint32_t* __restrict__ of_y, std::size_t count,
                                  std::size_t columns, std::uint32_t* __restrict__ equal) {
  const std::size_t lanes = simt::warp_thread_count();
  for (const auto i : simt::warp_elements(count)) {
    const float* a = x + of_x[i] * columns;
    const float* b = y + of_y[i] * columns;
    bool same = true;
    for (std::size_t c = simt::lane(); c < columns && same; c += lanes) same = a[c] == b[c];
    const bool differ = simt::ballot(!same) != 0;
    if (simt::lane() == 0) equal[i] = differ ? 0 : 1;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void equal_rows(simt::StreamHandle stream, const float* x, std::span<const std::uint32_t> of_x,
                const float* y, std::span<const std::uint32_t> of_y, std::size_t columns,
                std::uint32_t* equal) {
  simt::launch(stream, simt::per_warp(of_x.size()), equal_rows_kernel, x, of_x.data(), y,
               of_y.data(), of_x.size(), columns, equal);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
