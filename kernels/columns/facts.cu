#include "kernels/columns/facts.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr std::uint32_t kGroupRows = 256;
constexpr unsigned kBlock = 256;

// ------------------------------------------------------------------------------------- device

struct Smem {
  GroupFacts facts[kBlock];
};
static_assert(sizeof(Smem) == 3072);

__device__ __forceinline__ GroupFacts join(const GroupFacts& a, const GroupFacts& b) {
  return {a.largest > b.largest ? a.largest : b.largest, a.differ | b.differ,
          a.negative | b.negative};
}

// ------------------------------------------------------------------------------------- kernels

// One block a group of rows; of a block's threads, whose number is a power of two, each has some of
// the columns.
__global__ void row_facts_kernel(const float* __restrict__ x, std::size_t rows, std::size_t columns,
                                 GroupFacts* __restrict__ facts) {
  const std::size_t first = std::size_t{blockIdx.x} * kGroupRows;
  const std::size_t last = first + kGroupRows < rows ? first + kGroupRows : rows;
  GroupFacts mine;
  for (std::size_t r = first; r < last; ++r) {
    const float* row = x + r * columns;
    std::uint32_t largest = mine.largest;
    std::uint32_t differ = mine.differ;
    std::uint32_t negative = mine.negative;
    for (const auto c : simt::block_elements(columns)) {
      const std::uint32_t magnitude = simt::float_bits(row[c]) & 0x7fffffffU;
      largest = largest > magnitude ? largest : magnitude;
      differ |= row[c] != x[c] ? 1U : 0U;
      negative |= row[c] < 0.f ? 1U : 0U;
    }
    mine = {largest, differ, negative};
  }
  if (simt::block_thread_count() > 1) {
    Smem& smem = simt::shared<Smem>();
    smem.facts[threadIdx.x] = mine;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
      simt::sync_block();  // the other half is written
      if (threadIdx.x < half) {
        mine = join(mine, smem.facts[threadIdx.x + half]);
        smem.facts[threadIdx.x] = mine;
      }
    }
  }
  if (simt::block_thread() == 0) facts[blockIdx.x] = mine;
}

__global__ void scale_kernel(const float* __restrict__ x, std::size_t count, float factor,
                             float* __restrict__ y) {
  for (const auto i : simt::elements(count)) y[i] = factor * x[i];
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t fact_groups(std::size_t rows) {
  return (rows + kGroupRows - 1) / kGroupRows;
}

void row_facts(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
               std::span<GroupFacts> facts) {
  simt::launch(stream, simt::per_block(fact_groups(rows), kBlock, sizeof(Smem)), row_facts_kernel,
               x, rows, columns, facts.data());
}

void scale(simt::StreamHandle stream, std::span<const float> x, float factor, float* y) {
  simt::launch(stream, simt::per_element(x.size()), scale_kernel, x.data(), x.size(), factor, y);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
