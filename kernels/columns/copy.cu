#include "kernels/columns/copy.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void copy_columns_kernel(const double* __restrict__ x, std::size_t columns,
                                    double* __restrict__ y, std::size_t stride) {
  const double* from = x + std::size_t{blockIdx.x} * columns;
  double* to = y + std::size_t{blockIdx.x} * stride;
  for (const auto c : simt::block_elements(columns)) to[c] = from[c];
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void copy_columns(simt::StreamHandle stream, const double* x, std::size_t rows, std::size_t columns,
                  double* y, std::size_t stride) {
  simt::launch(stream, simt::per_block(rows, 256), copy_columns_kernel, x, columns, y, stride);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
