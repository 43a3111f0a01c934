// The fused engine's half for dense layers with the threads and the memory of a GPU's blocks.
// Emulated.
#include <gtest/gtest.h>

#include <hourglass/dataset.hpp>
#include <hourglass/replicas.hpp>
#include <vector>

#include "kernels/fused_dense/phase.hpp"
#include "kernels/simt/emulation.hpp"
#include "support/dense_training.hpp"
#include "support/golden.hpp"
#include "support/golden_steps.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

TEST(FusedDenseEmulated, StepsInEveryOrderOfEmulatedThreads) {
  const auto engine = make_fused_dense_engine(dense_model(), 0);
  const Golden golden("dense.safetensors");
  const Array<float>& image = golden["images"];
  const Array<float> images = random_images(odd_model(), 39);
  const auto odd = make_fused_dense_engine(odd_model(), 0);
  const auto layered = make_layered_engine(odd_model(), 0, Precision::fp32);
  const TrainingOptions options{
      .epochs = 2, .batch_size = 35, .phase_times = true, .corruption = {.noise = 0.1}};
  const auto expected = train(*layered, images, options, 2);
  std::vector<float> first;
  std::vector<float> first_odd;
  for (const auto order :
       {simt::ThreadOrder::forward, simt::ThreadOrder::reverse, simt::ThreadOrder::shuffled}) {
    const simt::EmulationScope scope(order);
    engine->set_parameters(flat_parameters(engine->layout(), golden, "initial."));
    engine->begin_training(image, image, {.epochs = 50, .batch_size = 1, .loss = Loss::mse});
    for (std::size_t step = 0; step < 50; ++step) {
      const EpochLosses losses = engine->run_epoch(step + 1, kNoLimit, kGoOn);
      EXPECT_NEAR(losses.train_loss, golden["adam50.losses"].values[step], 1e-6);
    }
    EXPECT_LT(movement_error(engine->layout(), engine->parameters(), golden, "adam50.delta."),
              2e-5);
    if (first.empty()) first = engine->parameters();
    EXPECT_EQ(engine->parameters(), first);

    const auto losses = train(*odd, images, options, 2);
    for (std::size_t i = 0; i < losses.size(); ++i) {
      EXPECT_NEAR(losses[i], expected[i], 1e-5 * expected[i]);
    }
    EXPECT_EQ(odd->phase_times().size(), static_cast<std::size_t>(kDensePhaseCount));
    if (first_odd.empty()) first_odd = odd->parameters();
    EXPECT_EQ(odd->parameters(), first_odd);
  }
}

TEST(FusedDenseEmulated, ReplicasOnEmulatedBlocksAreWhatTheyAreOnTheCpu) {
  const auto engine = make_fused_dense_engine(dense_model(), 0);
  const ReplicaOptions options{.count = 3,
                               .training = {.epochs = 4, .batch_size = 1, .loss = Loss::mse}};
  const auto expected = engine->train_replicas(digit_four(), digit_four(), options);
  for (const auto order :
       {simt::ThreadOrder::forward, simt::ThreadOrder::reverse, simt::ThreadOrder::shuffled}) {
    const simt::EmulationScope scope(order);
    const auto found = engine->train_replicas(digit_four(), digit_four(), options);
    for (std::size_t r = 0; r < 3; ++r) {
      EXPECT_NEAR((*found)[r].final_loss, (*expected)[r].final_loss, 1e-6);
      EXPECT_EQ((*found)[r].dead_units, (*expected)[r].dead_units);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
