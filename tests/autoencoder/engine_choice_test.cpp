// Which engine trains what, and why not the other.
#include <gtest/gtest.h>

#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <string>

#include "support/any_device.hpp"
#include "support/error_of.hpp"

namespace hourglass {
namespace {

/// Not of the family that the fused engine knows.
Model without_relu() {
  Model model = conv_model();
  model.encoder.front().relu = false;
  return model;
}

using EngineChoice = test::OnAnyDevice;

using test::error_of;

TEST_F(EngineChoice, AutoIsFusedWhereItRunsAndElseSaysWhy) {
  const Autoencoder fused(conv_model(), device_);
  EXPECT_EQ(fused.engine(), EngineKind::fused);
  EXPECT_EQ(fused.why_not_fused(), "");

  const Autoencoder other(without_relu(), device_);
  EXPECT_EQ(other.engine(), EngineKind::layered);
  EXPECT_TRUE(other.why_not_fused().starts_with("layer 1 has no relu; the fused engine takes "))
      << other.why_not_fused();

  const Autoencoder asked(without_relu(), device_, EngineKind::layered);
  EXPECT_EQ(asked.why_not_fused(), "") << "nobody wanted it";
}

TEST_F(EngineChoice, FusedWhereItCannotIsAnError) {
  const std::string error = error_of(
      [this] { const Autoencoder autoencoder(without_relu(), device_, EngineKind::fused); });
  EXPECT_TRUE(error.starts_with("engine 'fused': layer 1 has no relu; ")) << error;
  EXPECT_TRUE(error.ends_with("; use --engine layered (or auto)")) << error;
}

TEST_F(EngineChoice, OnlyTheFusedEngineTimesPhases) {
  const auto images = synthetic_digits(8, 1).train.images;
  Autoencoder layered(without_relu(), device_);
  const std::string error = error_of([&] {
    (void)layered.train(images, images, {.epochs = 1, .batch_size = 8, .phase_times = true});
  });
  EXPECT_TRUE(error.starts_with("the layered engine has no phases to time for this model (not "))
      << error;
  Autoencoder fused(conv_model(), device_);
  const TrainingResult result =
      fused.train(images, images, {.epochs = 1, .batch_size = 8, .phase_times = true});
  EXPECT_FALSE(result.phases.empty());
}

}  // namespace
}  // namespace hourglass
