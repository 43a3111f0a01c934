#include <cstdint>

#include "kernels/layers/swap_inner.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// A row of y an element: one image, one inner.
__global__ void swap_inner_kernel(const float* __restrict__ x, std::size_t rows,
                                  std::uint32_t outer, std::uint32_t inner, float* __restrict__ y) {
  for (const auto row : simt::elements(rows)) {
    const std::size_t image = row / inner;
    const float* from = x + image * outer * inner + row % inner;
    float* to = y + row * outer;
    for (std::uint32_t o = 0; o < outer; ++o) to[o] = from[std::size_t{o} * inner];
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void swap_inner(simt::StreamHandle stream, const float* x, std::size_t batch, std::size_t outer,
                std::size_t inner, float* y) {
  simt::launch(stream, simt::per_element(batch * inner), swap_inner_kernel, x, batch * inner,
               simt::narrow(outer), simt::narrow(inner), y);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
