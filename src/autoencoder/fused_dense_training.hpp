// Launches of the fused engine's kernel for dense layers: what a training of one or many replicas
// needs on the device beside their weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "autoencoder/device_images.hpp"
#include "autoencoder/engine.hpp"
#include "device/buffer.hpp"
#include "kernels/fused_dense/train.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Steps in a row: of whole epochs, or within one.
struct Stretch {
  std::size_t first_step = 0;  ///< since the training began
  std::size_t epoch = 1;       ///< of the first step
  std::size_t image = 0;       ///< of that epoch
  std::size_t steps = 0;
  std::size_t epochs = 1;   ///< begun or finished
  bool ends_epoch = false;  ///< with the last step, though there are images left
};

/// Weights and moments of some replicas, and what is to become of them.
struct Replicas {
  std::size_t count = 1;
  std::uint64_t seed = 0;  ///< of the first; the next have the next
  bool fresh = false;      ///< weights are drawn
  float* states = nullptr;
  std::uint32_t* alive = nullptr;  ///< as in fused_dense::Job
};

class FusedDenseTraining {
 public:
  /// Of up to `replicas` at a time.
  FusedDenseTraining(math::Context& context, const fused_dense::Network& sizes,
                     const ImageShape& shape, const Images& images, const Images& validation,
                     const TrainingOptions& options, std::size_t replicas);

  [[nodiscard]] std::size_t images() const { return images_.count(); }
  [[nodiscard]] std::size_t validation_images() const { return validation_.count(); }
  [[nodiscard]] std::size_t steps_of_epoch() const { return (images() - 1) / batch_ + 1; }
  [[nodiscard]] std::size_t batch() const { return batch_; }

  /// As many whole epochs as a launch does in some milliseconds of one replica; 0 if not even one.
  [[nodiscard]] std::size_t epochs_of_launch() const;
  /// The next stretch of an epoch of which so many steps are done, if it may have `limit` in all.
  [[nodiscard]] Stretch part_of_epoch(std::size_t done, std::size_t limit) const;

  /// What the phases of all launches took, as the mean over `replicas`; nothing if not asked for.
  [[nodiscard]] std::vector<PhaseTime> phase_times(math::Context& context,
                                                   std::size_t replicas) const;

  /// Their losses, [replica][epoch].
  [[nodiscard]] std::vector<fused_dense::Losses> run(math::Context& context,
                                                     const Replicas& replicas,
                                                     const Stretch& stretch);

 private:
  TrainingOptions options_;
  ImageShape shape_;
  std::size_t batch_;
  double step_cost_;   ///< in multiplications and additions, roughly
  double epoch_cost_;  ///< of steps and validation
  fused_dense::Setting setting_;
  DeviceImages images_;
  DeviceImages validation_;
  std::size_t room_;  ///< for an order
  device::Buffer<std::uint64_t> orders_;
  device::Buffer<float> rates_;
  device::Buffer<fused_dense::Losses> losses_;
  device::Buffer<std::uint64_t> clocks_;  ///< empty: not asked for
};

}  // namespace hourglass::HOURGLASS_TARGET
