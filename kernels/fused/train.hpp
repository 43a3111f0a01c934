// The fused engine's kernel: any number of training steps, and validation, in one launch.
//
// Blocks take groups of images (one image each on a GPU, a vector of them on the CPU) until a batch
// is through; then all have its gradients, and each updates a copy of the weights of its own, to
// the same bits. So a step needs no more than that each block knows when the others are done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/loss.hpp>
#include <span>
#include <string>

#include "kernels/data/corruption.hpp"
#include "kernels/data/pixels.hpp"
#include "kernels/fused/network.hpp"
#include "kernels/fused/phase.hpp"
#include "kernels/optimizer/adam.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {

/// Corruption of what the network sees.
struct Noise {
  float deviation = 0.f;
  std::uint32_t patch = 0;

  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr bool any() const {
    return deviation > 0.f || patch > 0;
  }
};

/// How the blocks' gradients come together.
enum class Summing {
  /// Each block adds up all groups' gradients by itself, in their order. Best for few groups.
  by_each,
  /// Each block adds up a share of the parameters, in the groups' order; a second barrier.
  by_shares,
  /// Everybody adds to one sum as they come: one barrier, and other last bits in every run.
  atomic,
};

/// What blocks tell each other; zeros before a launch.
struct Exchange {
  std::uint32_t arrived = 0;
  std::uint32_t generation = 0;
  std::uint32_t claimed[2] = {};  ///< groups of a step's batch, by step % 2
  std::uint32_t given_up = 0;     ///< one more than the block whose watch ended
};

/// How a kernel is run here.
struct Setting {
  MemoryPlan plan = {};
  int lanes = 1;             ///< images in a group
  std::size_t blocks = 0;    ///< that can be resident; 0: the kernel cannot run
  std::size_t memory = 0;    ///< bytes a block
  std::string problem = {};  ///< why not
};

/// The best setting for this model here and now (in emulation: that of a GPU).
[[nodiscard]] Setting best_setting(const Description& model, bool corrupts);

/// One launch. Buffers are device memory.
struct Job {
  Network net = {};

  // The run.
  std::uint32_t steps = 0;
  std::uint32_t first_step = 0;   ///< since the training began: the corruption's
  std::uint32_t first_image = 0;  ///< of the epoch, or of the validation images where no steps are
  std::uint32_t batch = 0;
  Loss loss = Loss::bce;
  Noise noise = {};
  std::uint64_t seed = 0;
  kernels::Pixels training = {};
  const std::uint64_t* order = nullptr;  ///< sort keys, of which the low half is an image; or null
  kernels::Pixels validation = {};       ///< after the steps; count 0: none
  Summing summing = Summing::by_each;

  // Adam's.
  const float* rates = nullptr;  ///< of each step
  kernels::AdamFactors adam = {};
  float* parameters = nullptr;
  float* first_moment = nullptr;
  float* second_moment = nullptr;

  // Scratch.
  float* copies = nullptr;              ///< of the three: [block][3][parameters]
  float* gradients = nullptr;           ///< [2][group][parameters], zero where parameters have gaps
  float* sums = nullptr;                ///< [3][parameters]; zeros for Summing::atomic
  double* training_losses = nullptr;    ///< [step][group]
  double* validation_losses = nullptr;  ///< [group]
  Exchange* exchange = nullptr;
  std::uint32_t* places = nullptr;  ///< [block]
  std::uint64_t* clocks = nullptr;  ///< [block][kPhaseCount], or null
  std::uint64_t patience = 0;       ///< of the watchdog, in ns on a GPU; 0: without end
};

void run(simt::StreamHandle stream, const Setting& setting, std::size_t blocks, const Job& job);

}  // namespace hourglass::HOURGLASS_TARGET::fused
