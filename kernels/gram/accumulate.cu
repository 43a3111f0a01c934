#include "kernels/gram/accumulate.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void accumulate_kernel(const float* __restrict__ part, std::size_t count,
                                  double* __restrict__ sum) {
  for (const auto i : simt::elements(count)) sum[i] += static_cast<double>(part[i]);
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void accumulate(simt::StreamHandle stream, std::span<const float> part, std::span<double> sum) {
  simt::launch(stream, simt::per_element(part.size()), accumulate_kernel, part.data(), part.size(),
               sum.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
