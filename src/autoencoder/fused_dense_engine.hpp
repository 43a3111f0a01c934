// The fused engine for models of dense layers: many epochs in one launch of one kernel, whose block
// is a replica (kernels/fused_dense/train.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoencoder/fused_dense_training.hpp"
#include "autoencoder/training_engine.hpp"
#include "device/buffer.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Where epochs are short, it trains some of the next ones in the same launch, and keeps the state
/// from before. Who looks at the parameters in between, or trains otherwise than was expected,
/// has the epochs up to there trained again, which gives the same bits.
class FusedDenseEngine final : public TrainingEngine {
 public:
  /// Of a model without a fused_dense_problem.
  FusedDenseEngine(Model model, int device_index);
  ~FusedDenseEngine() override;
  FusedDenseEngine(const FusedDenseEngine&) = delete;
  FusedDenseEngine& operator=(const FusedDenseEngine&) = delete;

  void set_parameters(std::span<const float> flat) override;
  [[nodiscard]] std::vector<float> parameters() override;
  void begin_training(const Images& images, const Images& validation,
                      const TrainingOptions& options) override;
  void end_training() override;
  EpochLosses run_epoch(std::size_t epoch, std::size_t step_limit,
                        const std::function<bool(std::size_t)>& on_step) override;
  /// Epochs that had to be trained again count again.
  [[nodiscard]] std::vector<PhaseTime> phase_times() override;
  [[nodiscard]] bool has_phases() const override { return true; }
  [[nodiscard]] std::optional<std::vector<Replica>> train_replicas(
      const Images& images, const Images& validation, const ReplicaOptions& options) override;

 private:
  /// Epochs that were trained in one launch.
  struct Ahead {
    std::size_t first_epoch = 0;
    std::size_t first_step = 0;
    std::vector<fused_dense::Losses> losses = {};  ///< of each
    double seconds = 0.0;                          ///< of each
    std::size_t told = 0;                          ///< of them
  };

  [[nodiscard]] std::vector<fused_dense::Losses> train(const Stretch& stretch);
  void run_ahead(std::size_t epoch, std::size_t epochs);
  EpochLosses next_of_ahead(const std::function<bool(std::size_t)>& on_step);
  EpochLosses run_in_parts(std::size_t epoch, std::size_t step_limit,
                           const std::function<bool(std::size_t)>& on_step);
  void settle();
  [[nodiscard]] double mean(double sum, std::size_t images) const;
  void train_group(FusedDenseTraining& training, const Replicas& group,
                   const ReplicaOptions& options, std::vector<Replica>& finished);

  device::Buffer<float> state_;   ///< parameters and both moments
  device::Buffer<float> before_;  ///< what ahead_ began with
  std::unique_ptr<FusedDenseTraining> training_;
  TrainingOptions options_;
  std::size_t steps_ = 0;  ///< taken in this training, those ahead included
  Ahead ahead_;
  std::size_t most_ahead_ = 0;  ///< epochs: fewer for who looks often
};

}  // namespace hourglass::HOURGLASS_TARGET
