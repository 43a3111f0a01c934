// Models of dense layers, and their training from the same start.
#pragma once

#include <cstddef>
#include <hourglass/images.hpp>
#include <hourglass/model.hpp>
#include <vector>

#include "autoencoder/engine.hpp"
#include "autoencoder/parameters.hpp"
#include "support/random_values.hpp"

namespace hourglass {

inline const auto kGoOn = [](std::size_t) { return true; };
inline constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

inline LayerSpec dense(std::size_t outputs, bool relu = true) {
  return {.kind = LayerKind::dense, .outputs = outputs, .relu = relu};
}

/// Widths that fill no vector and no tile, layers without relu, one value between two layers, a
/// reshape on the way, several channels.
inline Model odd_model() {
  return {.name = "odd",
          .input = {2, 3, 5},
          .encoder = {dense(19), dense(1, false), dense(6, false)},
          .decoder = {dense(12),
                      {.kind = LayerKind::reshape, .shape = {3, 2, 2}},
                      dense(33),
                      dense(30, false)}};
}

inline Array<float> random_images(const Model& model, std::size_t count) {
  return {{count, model.input.channels, model.input.height, model.input.width},
          test::random_values(count * model.input.size(), 0.f, 1.f)};
}

inline void begin(Engine& engine, const Images& images, const TrainingOptions& options) {
  engine.set_parameters(glorot_uniform(engine.layout(), 4));
  engine.begin_training(images, images, options);
}
/// The losses of so many epochs from the same start.
inline std::vector<double> train(Engine& engine, const Images& images,
                                 const TrainingOptions& options, std::size_t epochs) {
  begin(engine, images, options);
  std::vector<double> losses;
  for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
    const EpochLosses now = engine.run_epoch(epoch, kNoLimit, kGoOn);
    losses.insert(losses.end(), {now.train_loss, now.validation_loss});
  }
  return losses;
}

}  // namespace hourglass
