#include "kernels/gram/diagonal.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void diagonal_kernel(const double* __restrict__ a, std::size_t n,
                                double* __restrict__ values) {
  for (const auto i : simt::elements(n)) values[i] = a[i * (n + 1)];
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void diagonal(simt::StreamHandle stream, const double* a, std::size_t n, double* values) {
  simt::launch(stream, simt::per_element(n), diagonal_kernel, a, n, values);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
