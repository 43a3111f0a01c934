// Kernels that between them use every word of simt.hpp, compiled for both targets.
#include "kernels/fused/meeting.cuh"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "vocabulary.hpp"

namespace hourglass::HOURGLASS_TARGET {

namespace {

template <class T>
__global__ void count_elements_kernel(unsigned* __restrict__ counts, T n) {
  for (const T i : simt::elements(n)) counts[i] += 1;
}

__global__ void tell_places_kernel(Place* __restrict__ out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = simt::block_thread();
  out[block * simt::block_thread_count() + thread] = {
      thread,       simt::block_thread_count(), simt::block_warp_count(), simt::lane(),
      simt::warp(), simt::warp_thread_count()};
}

__global__ void exchange_kernel(Exchanged* __restrict__ out) {
  const unsigned lane = simt::lane();
  Exchanged got{};
  got.broadcast = simt::shuffle(lane, 0);
  got.rotated = simt::shuffle(lane, lane + 33);
  got.down = simt::shuffle_down(static_cast<float>(lane) + 0.5F, 5);
  got.flipped = simt::shuffle_xor(static_cast<double>(lane) + 0.25, 1);
  got.wide = simt::shuffle_xor(std::uint64_t{lane} << 40, 1);
  // The halves of a warp part and meet only among themselves.
  if (lane < 16) {
    got.half = simt::shuffle(lane, 0, 0x0000FFFF);
  } else {
    got.half = simt::shuffle(lane, 16, 0xFFFF0000);
  }
  simt::sync_warp();
  const auto [several] = simt::shuffle_xor(simt::Several<unsigned, 3>{{lane, 2 * lane, 7}}, 1);
  for (int i = 0; i < 3; ++i) got.several[i] = several[i];
  got.votes = simt::ballot(lane % 3 == 0);
  got.bits = simt::count_bits(got.votes);
  got.total = simt::warp_total(lane + 1);
  got.signed_total = simt::warp_total(-static_cast<int>(lane));
  const unsigned first = lane / 4 * 4;
  if (first + 4 <= simt::warp_thread_count()) {
    float sums[2] = {static_cast<float>(lane), 1.F};
    simt::group_sum(sums, 4, 0xFU << first);
    for (int i = 0; i < 2; ++i) got.of_four[i] = sums[i];
  }
  simt::sync_warp();
  out[simt::global_thread()] = got;
}

__global__ void tally_kernel(Tally* out, unsigned* tickets) {
  const std::uint32_t ticket = simt::atomic_add(&out->add_u32, 1U);
  simt::atomic_add(&tickets[ticket], 1U);
  simt::atomic_add(&out->add_u64, std::uint64_t{1} << 32);
  simt::atomic_add(&out->add_f32, 0.5F);
  simt::atomic_add(&out->add_f64, 0.25);
}

__global__ void compute_kernel(const float* __restrict__ x, const float* __restrict__ y,
                               std::size_t n, Computed* __restrict__ out) {
  for (const auto i : simt::elements(n)) {
    out[i] = {simt::cos_pi(x[i]), simt::fast_divide(x[i], y[i]),
              simt::float_from_bits(simt::float_bits(x[i]))};
  }
}

struct ReverseSmem {
  float values[256];
};
static_assert(sizeof(ReverseSmem) == 1024);

__global__ void __launch_bounds__(256) reverse_kernel(float* values, int rounds) {
  ReverseSmem& smem = simt::shared<ReverseSmem>();
  float* mine = values + std::size_t{blockIdx.x} * blockDim.x;
  for (int round = 0; round < rounds; ++round) {
    smem.values[threadIdx.x] = mine[threadIdx.x];
    simt::sync_block();
    mine[threadIdx.x] = smem.values[blockDim.x - 1 - threadIdx.x];
    simt::sync_block();
  }
}

template <class T>
__global__ void sum_blocks_kernel(const T* __restrict__ values, T* __restrict__ sums) {
  auto& scratch = simt::shared<simt::BlockSumScratch<T>>();
  const std::size_t me = simt::global_thread();
  const T sum = simt::block_sum(values[me], scratch);
  const T twice = simt::block_sum(2 * values[me], scratch);
  sums[me] = twice - sum;
}

template <class T>
void launch_sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const T* values,
                       T* sums) {
  config.shared_bytes = sizeof(simt::BlockSumScratch<T>);
  simt::launch(stream, config, sum_blocks_kernel<T>, values, sums);
}

struct Buffers {
  unsigned* from;
  unsigned* to;
};

__device__ __forceinline__ void swap(Buffers& buffers) {
  unsigned* from = buffers.from;
  buffers.from = buffers.to;
  buffers.to = from;
}

__global__ void pass_round_kernel(const __grid_constant__ Buffers given, fused::Exchange* exchange,
                                  int rounds) {
  fused::Meeting meeting(*exchange, simt::shared<std::uint32_t>(), 0);
  Buffers buffers = given;
  const std::size_t me = simt::global_thread();
  const std::size_t next = (me + blockDim.x) % simt::global_thread_count();
  for (int round = 0; round < rounds; ++round) {
    buffers.to[next] = buffers.from[me];
    meeting.meet();
    swap(buffers);
  }
  if (buffers.from != given.from) given.from[me] = buffers.from[me];
}

}  // namespace

void count_elements(simt::StreamHandle stream, unsigned* counts, std::size_t n) {
  const simt::LaunchConfig config = simt::per_element(n);
  simt::launch(stream, config, count_elements_kernel<std::int32_t>, counts, n);
  simt::launch(stream, config, count_elements_kernel<std::uint32_t>, counts, n);
  simt::launch(stream, config, count_elements_kernel<std::int64_t>, counts, n);
  simt::launch(stream, config, count_elements_kernel<std::size_t>, counts, n);
}

void tell_places(simt::StreamHandle stream, const simt::LaunchConfig& config, Place* out) {
  simt::launch(stream, config, tell_places_kernel, out);
}

void exchange(simt::StreamHandle stream, const simt::LaunchConfig& config, Exchanged* out) {
  simt::launch(stream, config, exchange_kernel, out);
}

void tally(simt::StreamHandle stream, const simt::LaunchConfig& config, Tally* out,
           unsigned* tickets) {
  simt::launch(stream, config, tally_kernel, out, tickets);
}

void compute(simt::StreamHandle stream, const float* x, const float* y, std::size_t n,
             Computed* out) {
  simt::launch(stream, simt::per_element(n), compute_kernel, x, y, n, out);
}

void reverse_in_blocks(simt::StreamHandle stream, simt::LaunchConfig config, float* values,
                       int rounds) {
  config.shared_bytes = sizeof(ReverseSmem);
  simt::launch(stream, config, reverse_kernel, values, rounds);
}

void sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const float* values,
                float* sums) {
  launch_sum_blocks(stream, config, values, sums);
}

void sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const double* values,
                double* sums) {
  launch_sum_blocks(stream, config, values, sums);
}

void sum_blocks(simt::StreamHandle stream, simt::LaunchConfig config, const std::uint64_t* values,
                std::uint64_t* sums) {
  launch_sum_blocks(stream, config, values, sums);
}

void pass_round(simt::StreamHandle stream, simt::LaunchConfig config, unsigned* values,
                unsigned* buffer, fused::Exchange* exchange, int rounds) {
  config.cooperative = true;
  if (config.shared_bytes == 0) config.shared_bytes = sizeof(std::uint32_t);
  simt::launch(stream, config, pass_round_kernel, Buffers{values, buffer}, exchange, rounds);
}

std::size_t resident_blocks(unsigned block, std::size_t shared_bytes) {
  return simt::resident_blocks(pass_round_kernel, block, shared_bytes);
}

}  // namespace hourglass::HOURGLASS_TARGET
