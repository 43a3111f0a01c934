#include <cstdint>

#include "kernels/layers/dense.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// A thread an output: neighbours read neighbouring values of each row.
__global__ void bias_gradient_kernel(const float* __restrict__ dy, std::size_t batch,
                                     std::size_t outputs, float* __restrict__ dbias) {
  for (const auto output : simt::elements(outputs)) {
    float sum = 0.f;
    for (std::size_t row = 0; row < batch; ++row) sum += dy[row * outputs + output];
    dbias[output] = sum;
  }
}

__global__ void swap_inner_kernel(const float* __restrict__ x, std::uint32_t batch,
                                  std::uint32_t outer, std::uint32_t inner, float* __restrict__ y) {
  for (const auto row :
       simt::elements(std::size_t{batch} * inner)) {  // a row of y: one image, one inner
    const std::size_t image = row / inner;
    const float* from = x + image * outer * inner + row % inner;
    float* to = y + row * outer;
    for (std::uint32_t o = 0; o < outer; ++o) to[o] = from[std::size_t{o} * inner];
  }
}

}  // namespace

void bias_gradient(simt::StreamHandle stream, const float* dy, std::size_t batch,
                   std::size_t outputs, float* dbias) {
  simt::launch(stream, simt::per_element(outputs), bias_gradient_kernel, dy, batch, outputs, dbias);
}

void swap_inner(simt::StreamHandle stream, const float* x, std::size_t batch, std::size_t outer,
                std::size_t inner, float* y) {
  const auto number = [](std::size_t n) { return static_cast<std::uint32_t>(n); };
  simt::launch(stream, simt::per_element(batch * inner), swap_inner_kernel, x, number(batch),
               number(outer), number(inner), y);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
