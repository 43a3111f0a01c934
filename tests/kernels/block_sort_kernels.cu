// Kernels that use simt/sort.hpp and the shares of blocks and warps, compiled for both targets.
#include "kernels/simt/simt.hpp"
#include "kernels/simt/sort.hpp"
#include "tests/kernels/block_sort_kernels.hpp"

namespace hourglass::HOURGLASS_TARGET::block_sort {
namespace {

struct Smem {
  std::uint64_t values[kSortCapacity];
};

template <bool whole>
__global__ void sort_rows_kernel(std::uint64_t* __restrict__ values, unsigned count,
                                 unsigned keep) {
  std::uint64_t* row = values + std::size_t{blockIdx.x} * kSortCapacity;
  std::uint64_t* list = simt::shared<Smem>().values;
  for (const auto i : simt::block_elements(count)) list[i] = row[i];
  simt::sync_block();
  if constexpr (whole) {
    simt::block_sort(list, count, kSortCapacity);
  } else {
    simt::block_keep_smallest(list, count, keep, kSortCapacity);
  }
  // Backwards, so that a thread stores what another has sorted: the block must end in step.
  for (const auto i : simt::block_elements(count)) row[count - 1 - i] = list[count - 1 - i];
}

__global__ void count_block_elements_kernel(unsigned* __restrict__ counts, unsigned n) {
  for (const auto i : simt::block_elements(n)) counts[std::size_t{blockIdx.x} * n + i] += 1;
}

__global__ void count_warp_elements_kernel(unsigned* __restrict__ counts,
                                           unsigned* __restrict__ lanes, std::size_t n) {
  for (const auto i : simt::warp_elements(n)) {
    simt::atomic_add(&counts[i], 1u);
    if (simt::lane() == 0) simt::atomic_add(&lanes[i], simt::warp_thread_count());
  }
}

}  // namespace

void sort_rows(device::Stream& stream, std::uint64_t* values, std::size_t rows, unsigned count,
               unsigned threads) {
  simt::launch(stream.handle(), simt::per_block(rows, threads, sizeof(Smem)),
               sort_rows_kernel<true>, values, count, 0u);
}

void keep_smallest_of_rows(device::Stream& stream, std::uint64_t* values, std::size_t rows,
                           unsigned count, unsigned keep, unsigned threads) {
  simt::launch(stream.handle(), simt::per_block(rows, threads, sizeof(Smem)),
               sort_rows_kernel<false>, values, count, keep);
}

void count_block_elements(device::Stream& stream, unsigned* counts, std::size_t blocks, unsigned n,
                          unsigned threads) {
  simt::launch(stream.handle(), simt::per_block(blocks, threads), count_block_elements_kernel,
               counts, n);
}

void count_warp_elements(device::Stream& stream, unsigned* counts, unsigned* lanes, std::size_t n,
                         unsigned threads) {
  simt::launch(stream.handle(), simt::per_warp(n, threads), count_warp_elements_kernel, counts,
               lanes, n);
}

}  // namespace hourglass::HOURGLASS_TARGET::block_sort
