// Adam (Kingma and Ba 2015, section 2, the efficient form), all parameters in one launch.
//
//   m = b1 m + (1 - b1) g;   v = b2 v + (1 - b2) g^2
//   w -= rate m / (sqrt(v) + eps),   rate = lr sqrt(1 - b2^t) / (1 - b1^t)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
};

/// What changes from step to step. It lives on the device, so that a recorded step replays as the
/// next one without the host.
struct TrainingState {
  std::uint64_t position = 0;   ///< images of this epoch already seen
  std::uint64_t step = 0;       ///< steps taken since the start
  double train_loss_sum = 0.0;  ///< over all pixels of the images seen in this epoch
  double validation_loss_sum = 0.0;
};

/// One update of `parameters` and its moments from `gradient`, as step state->step + 1.
void adam_update(simt::StreamHandle stream, const AdamOptions& options, const TrainingState* state,
                 std::span<const float> gradient, float* parameters, float* first_moment,
                 float* second_moment);

/// The end of a step: adds the loss of `images` images, given as partial sums, and moves on.
void finish_step(simt::StreamHandle stream, std::span<const double> loss_partial_sums,
                 std::size_t images, TrainingState* state);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
