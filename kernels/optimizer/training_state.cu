#include "kernels/optimizer/training_state.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

struct Smem {
  simt::BlockSumScratch<double> sum;
};
static_assert(sizeof(Smem) <= 512);

// ------------------------------------------------------------------------------------- kernels

// One block.
__global__ void begin_epoch_kernel(TrainingState* __restrict__ state) {
  if (threadIdx.x != 0) return;
  state->position = 0;
  state->train_loss_sum = 0.0;
  state->validation_loss_sum = 0.0;
}

// One block. Its first thread works out the next step's rate, so that the threads of the update
// need no powers, which are slow in double.
__global__ void finish_step_kernel(AdamOptions options, const double* __restrict__ partial_sums,
                                   std::uint32_t count, std::uint64_t images,
                                   TrainingState* __restrict__ state) {
  double loss = 0.0;
  for (const auto i : simt::block_elements(count)) loss += partial_sums[i];
  loss = simt::block_sum(loss, simt::shared<Smem>().sum);
  if (threadIdx.x == 0) {
    state->train_loss_sum += loss;
    state->position += images;
    state->step += 1;
    state->rate = static_cast<float>(adam_rate(options, state->step + 1));
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void begin_epoch(simt::StreamHandle stream, TrainingState* state) {
  simt::launch(stream, simt::per_block(1, simt::kWarpSize), begin_epoch_kernel, state);
}

void finish_step(simt::StreamHandle stream, const AdamOptions& options,
                 std::span<const double> loss_partial_sums, std::size_t images,
                 TrainingState* state) {
  simt::launch(stream, simt::per_block(1, 256, sizeof(Smem)), finish_step_kernel, options,
               loss_partial_sums.data(), simt::narrow(loss_partial_sums.size()),
               std::uint64_t{images}, state);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
