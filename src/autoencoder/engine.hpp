// What every engine on every target can do. The public API talks to this and to nothing below it.
#pragma once

#include <functional>
#include <hourglass/autoencoder.hpp>
#include <hourglass/replicas.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autoencoder/layer_range.hpp"
#include "autoencoder/parameters.hpp"

namespace hourglass {

class DeviceRows;

struct EpochLosses {
  double train_loss = 0.0;
  double validation_loss = 0.0;
  std::size_t steps = 0;
  std::size_t images = 0;
  bool stopped = false;  ///< by on_step: the epoch is not finished, validation_loss means nothing
  std::optional<double> seconds = {};  ///< its share, where several epochs were run in one go
};

class Engine {
 public:
  Engine(Model model, EngineKind kind) : model_(std::move(model)), kind_(kind), layout_(model_) {}
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] EngineKind kind() const { return kind_; }
  [[nodiscard]] const ParameterLayout& layout() const { return layout_; }

  /// Flat, as the layout says. Fresh parameters forget Adam's moments at the next begin_training.
  virtual void set_parameters(std::span<const float> flat) = 0;
  [[nodiscard]] virtual std::vector<float> parameters() = 0;

  /// Brings the images to the device and clears the optimizer. Images and options have been
  /// checked.
  virtual void begin_training(const Images& images, const Images& validation,
                              const TrainingOptions& options) = 0;
  /// One pass over the training images, or `step_limit` steps of it, then the validation images.
  /// `on_step(images seen)` returning false ends it.
  virtual EpochLosses run_epoch(std::size_t epoch, std::size_t step_limit,
                                const std::function<bool(std::size_t)>& on_step) = 0;

  /// After the last epoch, or when there will be no other: the images are not looked at any more.
  virtual void end_training() = 0;

  /// Of this training, if it was to be timed and the engine has_phases.
  [[nodiscard]] virtual std::vector<PhaseTime> phase_times() { return {}; }
  [[nodiscard]] virtual bool has_phases() const { return false; }

  /// Trainings from fresh weights, side by side and without these parameters, or nothing, done or
  /// returned, where an engine has no place for them. Images and options have been checked.
  [[nodiscard]] virtual std::optional<std::vector<Replica>> train_replicas(
      const Images& /*images*/, const Images& /*validation*/, const ReplicaOptions& /*options*/) {
    return std::nullopt;
  }

  /// Images or codes, in file order, through some of the layers; its activation comes after the
  /// last of all. (rows, values).
  [[nodiscard]] virtual Array<float> run(LayerRange layers, const Images& rows,
                                         const StopRequest& stop = {}) = 0;
  /// The same, left in the device's memory.
  [[nodiscard]] virtual std::shared_ptr<const DeviceRows> run_on_device(
      LayerRange layers, const Images& rows, const StopRequest& stop) = 0;

 private:
  Model model_;
  EngineKind kind_;
  ParameterLayout layout_;
};

struct ChosenEngine {
  std::unique_ptr<Engine> engine;
  std::string why_not_fused = {};  ///< where it was left to choose, and is not
};

/// The engine for a device, or Error saying why there is none.
[[nodiscard]] ChosenEngine choose_engine(Model model, const Device& device, EngineKind kind,
                                         Precision precision);

}  // namespace hourglass
