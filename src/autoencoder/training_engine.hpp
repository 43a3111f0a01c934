// An engine of its own for training. What it does not run itself goes through the layers of the
// layered engine.
#pragma once

#include <memory>

#include "autoencoder/engine.hpp"
#include "autoencoder/layered_engine.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// In fp32. Who derives from it makes the context current before freeing memory of its own.
class TrainingEngine : public Engine {
 public:
  [[nodiscard]] Array<float> run(LayerRange layers, const Images& rows,
                                 const StopRequest& stop) override {
    return layered().run(layers, rows, stop);
  }
  [[nodiscard]] std::shared_ptr<const DeviceRows> run_on_device(LayerRange layers,
                                                                const Images& rows,
                                                                const StopRequest& stop) override {
    return layered().run_on_device(layers, rows, stop);
  }

 protected:
  TrainingEngine(Model model, int device_index)
      : Engine(std::move(model), EngineKind::fused),
        context_(device_index, Precision::fp32),
        layered_(this->model(), device_index, Precision::fp32) {}

  [[nodiscard]] math::Context& context() { return context_; }
  /// To be told of whatever makes parameters() others than they were.
  void parameters_changed() { layered_is_current_ = false; }

 private:
  [[nodiscard]] LayeredEngine& layered() {
    if (!layered_is_current_) layered_.set_parameters(parameters());
    layered_is_current_ = true;
    return layered_;
  }

  math::Context context_;
  LayeredEngine layered_;
  bool layered_is_current_ = false;  ///< has these parameters
};

}  // namespace hourglass::HOURGLASS_TARGET
