// What one asks the fused engine for in training: how gradients are added up, and a clock.
#include <gtest/gtest.h>

#include <chrono>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <vector>

#include "autoencoder/engine.hpp"
#include "support/on_target.hpp"
#include "support/relative_error.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class FusedOptionsTest : public OnTarget {
 protected:
  /// How the parameters move in an epoch.
  std::vector<float> movement(const TrainingOptions& options) {
    const auto engine = make_fused_engine(conv_model(), 0);
    const auto initial = glorot_uniform(engine->layout(), 4);
    engine->set_parameters(initial);
    engine->begin_training(images_, images_, options);
    (void)engine->run_epoch(1, static_cast<std::size_t>(-1),
                            [](std::size_t /*images*/) { return true; });
    times_ = engine->phase_times();
    auto moved = engine->parameters();
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= initial[i];
    return moved;
  }

  const ImageArray images_ = synthetic_digits(330, 3).train.images;
  std::vector<PhaseTime> times_;
};

// Batches whose gradients each block would add up by itself, and of which it would take a share.
TEST_F(FusedOptionsTest, AnAtomicReductionDiffersByRounding) {
  for (const std::size_t batch : {64U, 300U}) {
    const auto ordered = movement({.batch_size = batch, .seed = 1});
    const auto atomic = movement({.batch_size = batch, .seed = 1, .reduction = Reduction::atomic});
    const double error = test::relative_error<float>(atomic, ordered);
    RecordProperty("error" + std::to_string(batch), std::to_string(error));
    EXPECT_LT(error, 1e-4) << "batches of " << batch;
  }
}

TEST_F(FusedOptionsTest, TimesItsPhasesAndChangesNothing) {
  const auto plain = movement({.seed = 1});
  EXPECT_TRUE(times_.empty());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(movement({.seed = 1, .phase_times = true}), plain);
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ASSERT_FALSE(times_.empty());
  EXPECT_EQ(times_.front().phase, "setup");
  EXPECT_EQ(times_.back().phase, "update");
  double sum = 0.0;
  for (const PhaseTime& time : times_) {
    EXPECT_GT(time.seconds, 0.0) << time.phase;
    sum += time.seconds;
  }
  EXPECT_LE(sum, elapsed + kTick) << "no block is longer at work than there is time";
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
