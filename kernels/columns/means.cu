#include "kernels/columns/means.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr std::uint32_t kGroupRows = 256;

// ------------------------------------------------------------------------------------- kernels

// One block a group of rows. Threads own columns, some side by side each, so a row is read side by
// side; each sum grows in row order.
__global__ void group_column_sums_kernel(const float* __restrict__ x, std::size_t rows,
                                         std::size_t columns, double* __restrict__ sums) {
  const std::size_t first = std::size_t{blockIdx.x} * kGroupRows;
  const std::size_t last = first + kGroupRows < rows ? first + kGroupRows : rows;
  double* group = sums + std::size_t{blockIdx.x} * columns;
  constexpr unsigned kWidth = simt::kVectorWidth;
  for (const auto bundle : simt::block_elements((columns + kWidth - 1) / kWidth)) {
    const std::size_t c = bundle * kWidth;
    double sum[kWidth] = {};
    if (c + kWidth <= columns) {
      for (std::size_t r = first; r < last; ++r) {
        const float* row = x + r * columns + c;
        for (unsigned w = 0; w < kWidth; ++w) sum[w] += static_cast<double>(row[w]);
      }
    } else {
      for (std::size_t r = first; r < last; ++r) {
        for (std::size_t w = 0; c + w < columns; ++w) {
          sum[w] += static_cast<double>(x[r * columns + c + w]);
        }
      }
    }
    for (unsigned w = 0; w < kWidth && c + w < columns; ++w) group[c + w] = sum[w];
  }
}

template <class Mean>
__global__ void column_means_kernel(const double* __restrict__ sums, std::size_t groups,
                                    std::size_t rows, std::size_t columns,
                                    Mean* __restrict__ means) {
  for (const auto c : simt::elements(columns)) {
    double sum = 0.0;
    for (std::size_t group = 0; group < groups; ++group) sum += sums[group * columns + c];
    means[c] = static_cast<Mean>(sum / static_cast<double>(rows));
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t column_sum_groups(std::size_t rows) {
  return (rows + kGroupRows - 1) / kGroupRows;
}

template <class Mean>
void column_means(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
                  std::span<double> scratch, std::span<Mean> means) {
  const std::size_t groups = column_sum_groups(rows);
  simt::launch(stream, simt::per_block(groups, 256), group_column_sums_kernel, x, rows, columns,
               scratch.data());
  simt::launch(stream, simt::per_element(columns), column_means_kernel<Mean>, scratch.data(),
               groups, rows, columns, means.data());
}
template void column_means(simt::StreamHandle, const float*, std::size_t, std::size_t,
                           std::span<double>, std::span<float>);
template void column_means(simt::StreamHandle, const float*, std::size_t, std::size_t,
                           std::span<double>, std::span<double>);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
