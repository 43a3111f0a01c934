// What every engine promises: PyTorch's steps, in double precision, and what an epoch is.
#include "autoencoder/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <hourglass/dataset.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "support/golden_steps.hpp"
#include "support/mnist.hpp"
#include "support/on_target.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

const auto kGoOn = [](std::size_t) { return true; };
constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

class EngineTest : public OnTarget, public testing::WithParamInterface<EngineKind> {
 protected:
  void SetUp() override {
    OnTarget::SetUp();
    if (IsSkipped()) return;
    engine_ = fused() ? make_fused_engine(conv_model(), 0)
                      : make_layered_engine(conv_model(), 0, Precision::fp32);
  }
  static bool fused() { return GetParam() == EngineKind::fused; }

  void begin(const Images& images, const TrainingOptions& options) {
    engine_->set_parameters(glorot_uniform(engine_->layout(), 4));
    engine_->begin_training(images, images, options);
  }
  void begin(const Golden& golden, const Images& images, const TrainingOptions& options) {
    engine_->set_parameters(flat_parameters(engine_->layout(), golden, "initial."));
    engine_->begin_training(images, images.first(2), options);
  }
  EpochLosses run_epoch(std::size_t epoch) { return engine_->run_epoch(epoch, kNoLimit, kGoOn); }

  /// The parameters after three epochs.
  std::vector<float> train(const Images& images, const TrainingOptions& options) {
    begin(images, options);
    for (std::size_t epoch = 1; epoch <= 3; ++epoch) (void)run_epoch(epoch);
    return engine_->parameters();
  }

  void expect_movement(const Golden& golden, const std::string& prefix, double bound) {
    const double error = movement_error(engine_->layout(), engine_->parameters(), golden, prefix);
    RecordProperty(prefix + "error", std::to_string(error));
    EXPECT_LT(error, bound) << prefix;
  }

  std::unique_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Each, EngineTest, testing::Values(EngineKind::layered, EngineKind::fused),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

// ---- steps, beside PyTorch's -------------------------------------------------------------------

TEST_P(EngineTest, TenStepsOnOneBatch) {
  const Golden golden("conv.safetensors");
  const auto images = to_bytes(golden["images"]);
  begin(golden, images, {.batch_size = images.rows(), .shuffle = false});
  for (std::size_t step = 0; step < 10;
       ++step) {  // of a graph: plain, then recorded, then replayed
    EXPECT_NEAR(run_epoch(step + 1).train_loss, golden["adam10.losses"].values[step], 1e-6);
  }
  expect_movement(golden, "adam10.delta.", 2e-5);
}

TEST_P(EngineTest, FiftyStepsOnMnist) {
  const auto folder = mnist_folder();
  if (folder.empty()) GTEST_SKIP() << kNoMnist;
  const Golden golden("mnist_steps.safetensors");
  const Dataset data = load_mnist(folder);
  const auto run = [&](std::size_t steps) {
    begin(golden, data.train.images, {.shuffle = false});
    const double loss = engine_->run_epoch(1, steps, kGoOn).train_loss;
    const auto losses = std::span(golden["losses"].values).first(steps);
    const double mean =
        std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(steps);
    EXPECT_NEAR(loss, mean, 1e-5 * mean);
  };
  run(10);
  expect_movement(golden, "step10.delta.", 2e-5);
  run(50);
  expect_movement(golden, "step50.delta.", 2e-3);
}

// ---- what an epoch is --------------------------------------------------------------------------

// With no learning, every image's loss is that of the initial weights, whenever it is seen:
// training and validation on the same images must agree, however the images fall into batches.
TEST_P(EngineTest, AnEpochSeesEveryImageOnce) {
  constexpr std::size_t kCount = 53;
  const Dataset data = synthetic_digits(kCount, 3);
  for (const std::size_t batch : {1U, 7U, 32U, 50U, 53U}) {
    for (const bool shuffle : {false, true}) {
      begin(data.train.images,
            {.batch_size = batch, .learning_rate = 1e-30, .seed = 9, .shuffle = shuffle});
      for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
        const EpochLosses losses = run_epoch(epoch);
        EXPECT_EQ(losses.images, kCount);
        EXPECT_EQ(losses.steps, (kCount + batch - 1) / batch);
        EXPECT_NEAR(losses.train_loss, losses.validation_loss, 1e-6 * losses.train_loss);
      }
    }
  }
}

TEST_P(EngineTest, TheSameSeedGivesTheSameBits) {
  const Dataset data = synthetic_digits(150, 3);
  const auto first = train(data.train.images, {.seed = 1});
  EXPECT_EQ(train(data.train.images, {.seed = 1}), first);
  EXPECT_NE(train(data.train.images, {.seed = 2}), first);  // another order
}

TEST_P(EngineTest, BytesAndFloatsAreTheSameImages) {
  const auto bytes = synthetic_digits(70, 3).train.images;
  const TrainingOptions options{.batch_size = 32, .seed = 1};
  EXPECT_EQ(train(bytes, options), train(to_unit_range(bytes), options));
}

TEST_P(EngineTest, StopsWhereItIsTold) {
  const Dataset data = synthetic_digits(300, 3);
  begin(data.train.images, {.batch_size = 4});
  const EpochLosses limited = engine_->run_epoch(1, 19, kGoOn);
  EXPECT_EQ(limited.steps, 19U);
  EXPECT_EQ(limited.images, 76U);
  EXPECT_FALSE(limited.stopped);
  EXPECT_GT(limited.validation_loss, 0.0);
  const EpochLosses stopped =
      engine_->run_epoch(2, kNoLimit, [](std::size_t images) { return images < 70; });
  EXPECT_TRUE(stopped.stopped);
  // The fused engine looks up every 16 steps, on a GPU every 1024.
  EXPECT_EQ(stopped.steps, !fused() ? 18U : kOnCuda ? 75U : 32U);
}

TEST_P(EngineTest, ATrainingThatDivergesShows) {
  const Dataset data = synthetic_digits(64, 3);
  begin(data.train.images, {.batch_size = 8, .learning_rate = 1e30});
  (void)run_epoch(1);
  const EpochLosses losses = run_epoch(2);
  EXPECT_FALSE(std::isfinite(losses.train_loss)) << losses.train_loss;
  EXPECT_FALSE(std::isfinite(losses.validation_loss)) << losses.validation_loss;
}

// ---- corrupted images --------------------------------------------------------------------------

TEST_P(EngineTest, ValidatesWithTheCorruptionThatCorruptGives) {
  const auto images = to_unit_range(synthetic_digits(230, 3).train.images);
  constexpr std::uint64_t kSeed = 6;
  for (const Corruption& corruption : {Corruption{.noise = 0.3}, Corruption{.patch = 9}}) {
    begin(images,
          {.learning_rate = 1e-30, .loss = Loss::mse, .seed = kSeed, .corruption = corruption});
    const EpochLosses losses = run_epoch(1);
    const auto corrupted = corrupt(images, engine_->model().input, corruption, kSeed).images;
    const auto output = engine_->run(all_of(engine_->model()), corrupted);
    double sum = 0.0;
    for (std::size_t i = 0; i < output.size(); ++i) {
      sum += std::pow(double{output.values[i]} - double{images.values[i]}, 2);
    }
    const double expected = sum / static_cast<double>(output.size());
    EXPECT_NEAR(losses.validation_loss, expected, 1e-6 * expected);
    // Training draws others, but as many: near, not equal.
    EXPECT_NE(losses.train_loss, losses.validation_loss);
    EXPECT_NEAR(losses.train_loss, expected, 0.02 * expected);
  }
}

TEST_P(EngineTest, EachStepCorruptsAnew) {
  const auto images = to_unit_range(synthetic_digits(64, 3).train.images);
  begin(images, {.learning_rate = 1e-30, .corruption = {.noise = 0.3}});
  std::vector<double> losses;
  for (std::size_t epoch = 1; epoch <= 4; ++epoch) {  // one step each: plain, recorded, replayed
    losses.push_back(run_epoch(epoch).train_loss);
  }
  std::ranges::sort(losses);
  EXPECT_EQ(std::ranges::adjacent_find(losses), losses.end());
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
