// What changes from step to step of a training. It lives on the device, so that a recorded step
// replays as the next one without the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/optimizer/adam.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

struct TrainingState {
  std::uint64_t position = 0;   ///< images of this epoch already seen
  std::uint64_t step = 0;       ///< steps taken since the start
  double train_loss_sum = 0.0;  ///< over all pixels of the images seen in this epoch
  double validation_loss_sum = 0.0;
  float rate = 0.f;  ///< Adam's, of the next step
};

/// Before the first step.
[[nodiscard]] inline TrainingState initial_state(const AdamOptions& options) {
  return {.rate = static_cast<float>(adam_rate(options, 1))};
}

/// No image of the epoch seen yet, its losses 0.
void begin_epoch(simt::StreamHandle stream, TrainingState* state);

/// The end of a step: adds the loss of `images` images, given as partial sums, and moves on.
void finish_step(simt::StreamHandle stream, const AdamOptions& options,
                 std::span<const double> loss_partial_sums, std::size_t images,
                 TrainingState* state);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
