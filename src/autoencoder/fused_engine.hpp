// The fused engine: many training steps in one launch of one kernel (kernels/fused/train.hpp), and
// images to codes and back by another (kernels/fused/infer.hpp).
#pragma once

#include <memory>
#include <string>

#include "autoencoder/training_engine.hpp"
#include "device/buffer.hpp"
#include "kernels/fused/train.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Throws Error where a block's watch ended: which waited, for which, and where that one is.
void check_watch(const fused::Exchange& exchange, std::span<const std::uint32_t> places);

class FusedEngine final : public TrainingEngine {
 public:
  /// Of a model without a fused_problem.
  FusedEngine(Model model, int device_index);
  ~FusedEngine() override;
  FusedEngine(const FusedEngine&) = delete;
  FusedEngine& operator=(const FusedEngine&) = delete;

  void set_parameters(std::span<const float> flat) override;
  [[nodiscard]] std::vector<float> parameters() override;
  void begin_training(const Images& images, const Images& validation,
                      const TrainingOptions& options) override;
  void end_training() override;
  EpochLosses run_epoch(std::size_t epoch, std::size_t step_limit,
                        const std::function<bool(std::size_t)>& on_step) override;
  [[nodiscard]] std::vector<PhaseTime> phase_times() override;
  [[nodiscard]] bool has_phases() const override { return true; }
  [[nodiscard]] Array<float> run(LayerRange layers, const Images& rows,
                                 const StopRequest& stop) override;
  [[nodiscard]] std::shared_ptr<const DeviceRows> run_on_device(LayerRange layers,
                                                                const Images& rows,
                                                                const StopRequest& stop) override;

 private:
  struct Training;

  void draw_order(std::size_t epoch);
  /// What all launches have in common.
  [[nodiscard]] fused::Job job();
  void launch(const fused::Job& job, std::size_t groups);
  /// These return their losses, one a group, summed over the pixels.
  [[nodiscard]] std::vector<double> train(std::size_t first_image, std::size_t steps);
  [[nodiscard]] std::vector<double> validate(std::size_t first_image, std::size_t images);
  /// The encoder, the decoder or both: in one launch, which has ended when this returns.
  void infer(LayerRange layers, const Images& rows, float* output);

  device::Buffer<float> parameters_;
  std::unique_ptr<Training> training_;
};

}  // namespace hourglass::HOURGLASS_TARGET
