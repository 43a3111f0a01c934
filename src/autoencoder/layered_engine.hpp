// The layered engine: each layer a library call or a kernel, any model, either target.
//
// A training step is recorded once and replayed. What differs from step to step (which images, the
// step's number, the loss so far) lives in a TrainingState on the device, so an epoch needs the
// host only to start the steps and to read the losses at its end.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "autoencoder/device_images.hpp"
#include "autoencoder/engine.hpp"
#include "autoencoder/network.hpp"
#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "kernels/data/corruption.hpp"
#include "kernels/data/gather.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

class LayeredEngine final : public Engine {
 public:
  LayeredEngine(Model model, int device_index, Precision precision);
  ~LayeredEngine() override;
  LayeredEngine(const LayeredEngine&) = delete;
  LayeredEngine& operator=(const LayeredEngine&) = delete;

  void set_parameters(std::span<const float> flat) override;
  [[nodiscard]] std::vector<float> parameters() override;
  void begin_training(const Images& images, const Images& validation,
                      const TrainingOptions& options) override;
  void end_training() override;
  EpochLosses run_epoch(std::size_t epoch, std::size_t step_limit,
                        const std::function<bool(std::size_t)>& on_step) override;
  [[nodiscard]] Array<float> run(LayerRange layers, const Images& rows,
                                 const StopRequest& stop) override;
  [[nodiscard]] std::shared_ptr<const DeviceRows> run_on_device(LayerRange layers,
                                                                const Images& rows,
                                                                const StopRequest& stop) override;

 private:
  struct Training;

  /// use(first row, output) for each batch of rows that went through the layers.
  template <class Use>
  void run_batches(LayerRange layers, const Images& rows, const StopRequest& stop, Use use);

  Network& inference_network(LayerRange layers, std::size_t batch);
  void draw_order(std::size_t epoch);
  void step(std::size_t batch);
  void validate();
  [[nodiscard]] const float* feed(Network& network, const DeviceImages& images,
                                  const kernels::Selection& selection, CorruptionStream random,
                                  const std::uint64_t* step, std::size_t batch);

  const LayerRange all_ = all_of(model());
  math::Context context_;
  device::Buffer<float> parameters_;
  /// Prepared networks are kept: making one chooses algorithms and allocates.
  std::map<std::array<std::size_t, 3>, Network> inference_;  // by first and last layer, batch
  std::unique_ptr<Training> training_;
};

}  // namespace hourglass::HOURGLASS_TARGET
