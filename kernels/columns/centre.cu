#include "kernels/columns/centre.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

// No __restrict__ on x and y, which may be the same matrix.
__global__ void subtract_means_kernel(const float* x, std::size_t columns,
                                      const float* __restrict__ means, float* y) {
  const std::size_t row = std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) y[row + c] = x[row + c] - means[c];
}

template <class Real>
__global__ void centre_kernel(const float* __restrict__ x, std::size_t stride, std::size_t columns,
                              const double* __restrict__ means, Real* __restrict__ y) {
  const float* from = x + std::size_t{blockIdx.x} * stride;
  Real* to = y + std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) {
    to[c] = static_cast<Real>(static_cast<double>(from[c]) - means[c]);
  }
}

__global__ void add_means_kernel(float* __restrict__ y, std::size_t columns,
                                 const double* __restrict__ means) {
  float* row = y + std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) {
    row[c] = static_cast<float>(static_cast<double>(row[c]) + means[c]);
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void subtract_means(simt::StreamHandle stream, const float* x, std::size_t rows,
                    std::size_t columns, std::span<const float> means, float* y) {
  simt::launch(stream, simt::per_block(rows, 256), subtract_means_kernel, x, columns, means.data(),
               y);
}

template <class Real>
void centre(simt::StreamHandle stream, const float* x, std::size_t stride, std::size_t rows,
            std::size_t columns, const double* means, Real* y) {
  simt::launch(stream, simt::per_block(rows, 256), centre_kernel<Real>, x, stride, columns, means,
               y);
}
template void centre(simt::StreamHandle, const float*, std::size_t, std::size_t, std::size_t,
                     const double*, float*);
template void centre(simt::StreamHandle, const float*, std::size_t, std::size_t, std::size_t,
                     const double*, double*);

void add_means(simt::StreamHandle stream, float* y, std::size_t rows, std::size_t columns,
               const double* means) {
  simt::launch(stream, simt::per_block(rows, 256), add_means_kernel, y, columns, means);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
