#include "pca/columns.hpp"
#include "simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr std::uint32_t kGroupRows = 256;

// ------------------------------------------------------------------------------------- kernels

// One block a group of rows. Threads own columns, so a row is read side by side, and each sum grows
// in row order.
__global__ void group_column_sums_kernel(const float* __restrict__ x, std::size_t rows,
                                         std::size_t columns, double* __restrict__ sums) {
  const std::size_t first = std::size_t{blockIdx.x} * kGroupRows;
  const std::size_t last = first + kGroupRows < rows ? first + kGroupRows : rows;
  double* group = sums + std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) group[c] = 0.0;
  for (std::size_t r = first; r < last; ++r) {
    // The same thread takes the same columns for every row: no barrier needed.
    for (const auto c : simt::block_elements(columns)) {
      group[c] += static_cast<double>(x[r * columns + c]);
    }
  }
}

__global__ void column_means_kernel(const double* __restrict__ sums, std::size_t groups,
                                    std::size_t rows, std::size_t columns,
                                    float* __restrict__ means) {
  for (const auto c : simt::elements(columns)) {
    double sum = 0.0;
    for (std::size_t group = 0; group < groups; ++group) sum += sums[group * columns + c];
    means[c] = static_cast<float>(sum / static_cast<double>(rows));
  }
}

// No __restrict__ on x and y, which may be the same matrix.
__global__ void subtract_means_kernel(const float* x, std::size_t columns,
                                      const float* __restrict__ means, float* y) {
  const std::size_t row = std::size_t{blockIdx.x} * columns;
  for (const auto c : simt::block_elements(columns)) y[row + c] = x[row + c] - means[c];
}

__global__ void accumulate_kernel(const float* __restrict__ part, std::size_t count,
                                  double* __restrict__ sum) {
  for (const auto i : simt::elements(count)) sum[i] += static_cast<double>(part[i]);
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t column_sum_groups(std::size_t rows) {
  return (rows + kGroupRows - 1) / kGroupRows;
}

void column_means(device::Stream& stream, const float* x, std::size_t rows, std::size_t columns,
                  std::span<double> scratch, std::span<float> means) {
  const std::size_t groups = column_sum_groups(rows);
  simt::launch(stream.handle(), simt::per_block(groups, 256), group_column_sums_kernel, x, rows,
               columns, scratch.data());
  simt::launch(stream.handle(), simt::per_element(columns), column_means_kernel, scratch.data(),
               groups, rows, columns, means.data());
}

void subtract_means(device::Stream& stream, const float* x, std::size_t rows, std::size_t columns,
                    std::span<const float> means, float* y) {
  simt::launch(stream.handle(), simt::per_block(rows, 256), subtract_means_kernel, x, columns,
               means.data(), y);
}

void accumulate(device::Stream& stream, std::span<const float> part, std::span<double> sum) {
  simt::launch(stream.handle(), simt::per_element(part.size()), accumulate_kernel, part.data(),
               part.size(), sum.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
