// The same model trained many times over from different seeds, side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/autoencoder.hpp>
#include <hourglass/device.hpp>
#include <hourglass/model.hpp>
#include <vector>

namespace hourglass {

/// What became of one start.
struct Replica {
  std::uint64_t seed;      ///< of its initial weights and its shuffling
  double final_loss;       ///< the validation loss after the last epoch; NaN if it was not finite
  std::size_t dead_units;  ///< latent units that are 0 for every validation image
};

struct ReplicaOptions {
  std::size_t count = 1;
  /// Of each; replica r has seed training.seed + r. on_step and on_epoch are not called; stop may
  /// be asked from several threads.
  TrainingOptions training = {};
  /// Called, by one thread at a time, as replicas finish, in any order.
  std::function<void(const Replica&)> on_replica = {};
  /// Called after the last, with the mean over all replicas, where training.phase_times asks for it
  /// and the fused engine trains them side by side.
  std::function<void(const std::vector<PhaseTime>&)> on_phases = {};
};

/// In the order of the seeds. What a replica becomes does not depend on the others. Of models that
/// the fused engine's blocks hold, a block trains one: a GPU hundreds at a time, a CPU one on each
/// core. Of others a CPU trains one on each core; on a GPU they take turns.
/// Throws as Autoencoder::train does, UsageError for a count of 0.
[[nodiscard]] std::vector<Replica> train_replicas(const Model& model, const Images& images,
                                                  const Images& validation,
                                                  const ReplicaOptions& options,
                                                  const Device& device = select_device("auto"),
                                                  EngineKind engine = EngineKind::automatic,
                                                  Precision precision = Precision::fp32);

}  // namespace hourglass
