// The fused engine's kernel for networks of dense layers: any number of training steps of any
// number of replicas, with the validation of each epoch, in one launch.
//
// A block trains one replica by itself, with weights, moments and maps in its own memory: blocks
// have nothing to say to each other. A GPU's threads share out a layer's outputs; on the CPU a
// block is one thread, whose vector lanes are outputs side by side. (Lanes as replicas side by
// side were the other choice. They would have every layer fill a vector, but sixteen replicas of
// the dense model are 440 KB where one is 30, which a core's first cache holds; and what becomes
// of a replica would not be, to the bit, what becomes of it alone.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/loss.hpp>
#include <string>

#include "kernels/data/corrupt.hpp"
#include "kernels/data/pixels.hpp"
#include "kernels/fused_dense/network.hpp"
#include "kernels/fused_dense/phase.hpp"
#include "kernels/optimizer/adam.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::fused_dense {

/// Of an epoch, or of as much of it as is in one launch: sums over the pixels.
struct Losses {
  double training = 0.0;
  double validation = 0.0;
};

/// What decides how a block divides its memory.
struct Task {
  std::size_t batch = 1;
  std::size_t validation = 1;  ///< images
  bool corrupts = false;
};

/// How a network is trained here.
struct Setting {
  Network net = {};  ///< laid out
  Part part = {};
  std::size_t memory = 0;    ///< bytes a block
  std::string problem = {};  ///< why it cannot be
};

/// The best setting here and now (in emulation: that of a GPU).
[[nodiscard]] Setting best_setting(const Network& sizes, const Task& task);

/// One launch. Buffers are device memory.
struct Job {
  Network net = {};
  Part part = {};

  // The run, the same for all replicas but for their seeds: seed, seed + 1, ...
  std::uint32_t steps = 0;
  std::uint32_t first_step = 0;   ///< since the training began: the corruption's
  std::uint32_t first_epoch = 0;  ///< of the first step
  std::uint32_t first_image = 0;  ///< of that epoch
  std::uint32_t batch = 0;
  bool ends_epoch = false;  ///< with the last step, though there are images left
  Loss loss = Loss::bce;
  kernels::CorruptionOptions corruption = {};  ///< none where both are 0
  std::uint64_t seed = 0;
  kernels::Pixels training = {};
  kernels::Pixels validation = {};

  // Adam's.
  const float* rates = nullptr;  ///< of each step
  kernels::AdamFactors adam = {};

  bool fresh = false;       ///< begins with weights drawn from the seed, and no moments
  float* states = nullptr;  ///< [replica][parameters, first moment, second moment][parameters]
  std::uint64_t* orders = nullptr;  ///< [replica][room], of the images; or null
  std::uint32_t room = 0;           ///< a power of two
  Losses* losses = nullptr;         ///< [replica][epoch, begun or finished]
  std::uint32_t epochs = 0;         ///< of them
  std::uint32_t* alive = nullptr;   ///< [replica][code]: 1 where it is not 0 for all validation
                                    ///< images in the end; or null
  std::uint64_t* clocks = nullptr;  ///< [replica][kDensePhaseCount], in ns, added to; or null
};

void run(simt::StreamHandle stream, const Setting& setting, std::size_t replicas, const Job& job);

}  // namespace hourglass::HOURGLASS_TARGET::fused_dense
