// The fused engine against PyTorch in double precision, the layered engine, and itself.
#include "autoencoder/fused_engine.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "support/golden_steps.hpp"
#include "support/mnist.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/relative_error.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

const auto kGoOn = [](std::size_t) { return true; };
constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

class FusedEngineTest : public OnTarget {
 protected:
  void SetUp() override {
    OnTarget::SetUp();
    if (!IsSkipped()) engine_ = make_fused_engine(conv_model(), 0);
  }
  double movement_error(const Golden& golden, const std::string& prefix) {
    return hourglass::movement_error(engine_->layout(), engine_->parameters(), golden, prefix);
  }
  /// The parameters after so many epochs from the same start.
  std::vector<float> train(Engine& engine, const Images& images, const TrainingOptions& options,
                           std::size_t epochs) {
    engine.set_parameters(glorot_uniform(engine.layout(), 4));
    engine.begin_training(images, images, options);
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
      (void)engine.run_epoch(epoch, kNoLimit, kGoOn);
    }
    return engine.parameters();
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(FusedEngineTest, TenStepsOnOneBatch) {
  const Golden golden("conv.safetensors");
  const auto images = to_bytes(golden["images"]);
  engine_->set_parameters(flat_parameters(engine_->layout(), golden, "initial."));
  engine_->begin_training(images, images, {.batch_size = images.rows(), .shuffle = false});
  for (std::size_t step = 0; step < 10; ++step) {
    const EpochLosses losses = engine_->run_epoch(step + 1, kNoLimit, kGoOn);
    EXPECT_NEAR(losses.train_loss, golden["adam10.losses"].values[step], 1e-6);
  }
  const double error = movement_error(golden, "adam10.delta.");
  RecordProperty("error", std::to_string(error));
  EXPECT_LT(error, 2e-5);
}

TEST_F(FusedEngineTest, FiftyStepsOnMnist) {
  const auto folder = mnist_folder();
  if (folder.empty()) GTEST_SKIP() << kNoMnist;
  const Golden golden("mnist_steps.safetensors");
  const Dataset data = load_mnist(folder);
  const auto run = [&](std::size_t steps) {
    engine_->set_parameters(flat_parameters(engine_->layout(), golden, "initial."));
    engine_->begin_training(data.train.images, data.test.images, {.shuffle = false});
    (void)engine_->run_epoch(1, steps, kGoOn);
  };
  run(10);
  const double error10 = movement_error(golden, "step10.delta.");
  run(50);
  const double error50 = movement_error(golden, "step50.delta.");
  RecordProperty("error10", std::to_string(error10));
  RecordProperty("error50", std::to_string(error50));
  EXPECT_LT(error10, 2e-5);
  EXPECT_LT(error50, 2e-3);
}

// Channels that fill no tile, several image channels, one map between two layers, other depths.
TEST_F(FusedEngineTest, OtherModelsOfTheFamilyMoveAsTheLayeredEngineMovesThem) {
  const auto convolution = [](std::size_t outputs, bool relu = true) {
    return LayerSpec{.kind = LayerKind::convolution, .outputs = outputs, .relu = relu};
  };
  const LayerSpec pool{.kind = LayerKind::max_pool};
  const LayerSpec upsample{.kind = LayerKind::upsample};
  const std::vector<Model> models{
      {.name = "colours",
       .input = {3, 6, 10},
       .encoder = {convolution(5), pool},
       .decoder = {convolution(3), upsample, convolution(3, false)}},
      {.name = "narrow",
       .input = {1, 8, 16},
       .encoder = {convolution(1), pool, convolution(6), pool, convolution(9), pool},
       .decoder = {convolution(7), upsample, convolution(1), upsample, convolution(4), upsample,
                   convolution(1, false)}}};
  for (const Model& model : models) {
    ASSERT_EQ(fused_problem(model, 0, Precision::fp32), "");
    const auto fused = make_fused_engine(model, 0);
    const auto layered = make_layered_engine(model, 0, Precision::fp32);
    constexpr std::size_t kRows = 21;
    const Array<float> images({kRows, model.input.channels, model.input.height, model.input.width},
                              test::random_values(kRows * model.input.size(), 0.f, 1.f));
    for (const Loss loss : {Loss::bce, Loss::mse}) {
      const TrainingOptions options{.batch_size = 8, .loss = loss, .seed = 2};
      auto expected = train(*layered, images, options, 1);
      auto moved = train(*fused, images, options, 1);
      const auto initial = glorot_uniform(fused->layout(), 4);
      for (std::size_t i = 0; i < initial.size(); ++i) {
        expected[i] -= initial[i];
        moved[i] -= initial[i];
      }
      EXPECT_LT(test::relative_error<float>(moved, expected), 1e-4) << model.name;
    }
  }
}

TEST_F(FusedEngineTest, WhatItCannotTrainItSays) {
  EXPECT_NE(fused_problem(dense_model(), 0, Precision::fp32).find("layer 1 is dense"),
            std::string::npos);
  EXPECT_NE(fused_problem(conv_model(), 0, Precision::tf32).find("fp32"), std::string::npos);
}

// With no learning, every image's loss is that of the initial weights, whenever it is seen.
TEST_F(FusedEngineTest, AnEpochSeesEveryImageOnce) {
  const Dataset data = synthetic_digits(203, 3);
  engine_->set_parameters(glorot_uniform(engine_->layout(), 4));
  for (const std::size_t batch : {1U, 7U, 64U, 100U, 203U}) {
    for (const bool shuffle : {false, true}) {
      engine_->begin_training(
          data.train.images, data.train.images,
          {.batch_size = batch, .learning_rate = 1e-30, .seed = 9, .shuffle = shuffle});
      for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
        const EpochLosses losses = engine_->run_epoch(epoch, kNoLimit, kGoOn);
        EXPECT_EQ(losses.images, 203U);
        EXPECT_EQ(losses.steps, (203 + batch - 1) / batch);
        EXPECT_NEAR(losses.train_loss, losses.validation_loss, 1e-6 * losses.train_loss);
      }
    }
  }
}

// Gradients are added up by each block, or, of large batches, in shares.
TEST_F(FusedEngineTest, TheSameSeedGivesTheSameBitsOnAnyNumberOfThreads) {
  const Dataset data = synthetic_digits(330, 3);
  const int threads = omp_get_max_threads();
  for (const std::size_t batch : {64U, 300U}) {
    const TrainingOptions options{.batch_size = batch, .seed = 1};
    std::vector<float> first;
    for (const int count : {1, 2, 3, 3}) {
      omp_set_num_threads(count);
      const auto trained = train(*engine_, data.train.images, options, 3);
      if (first.empty()) first = trained;
      EXPECT_EQ(trained, first) << count << " threads, batches of " << batch;
    }
    TrainingOptions other = options;
    other.seed = 2;
    EXPECT_NE(train(*engine_, data.train.images, other, 3), first);
  }
  omp_set_num_threads(threads);
}

TEST_F(FusedEngineTest, StopsWhereItIsTold) {
  const Dataset data = synthetic_digits(300, 3);
  engine_->begin_training(data.train.images, data.test.images, {.batch_size = 4});
  const EpochLosses limited = engine_->run_epoch(1, 19, kGoOn);
  EXPECT_EQ(limited.steps, 19U);
  EXPECT_EQ(limited.images, 76U);
  EXPECT_FALSE(limited.stopped);
  EXPECT_GT(limited.validation_loss, 0.0);
  const EpochLosses stopped =
      engine_->run_epoch(2, kNoLimit, [](std::size_t images) { return images < 70; });
  EXPECT_EQ(stopped.steps, kOnCuda ? 75U : 32U) << "it looks up every 1024 or 16 steps";
  EXPECT_TRUE(stopped.stopped);
}

TEST_F(FusedEngineTest, BytesAndFloatsAreTheSameImages) {
  const auto bytes = synthetic_digits(70, 3).train.images;
  const auto floats = to_unit_range(bytes);
  const TrainingOptions options{.batch_size = 32, .seed = 1};
  EXPECT_EQ(train(*engine_, bytes, options, 1), train(*engine_, floats, options, 1));
}

TEST_F(FusedEngineTest, CorruptsAsTheLayeredEngineDoes) {
  const auto images = to_unit_range(synthetic_digits(70, 3).train.images);
  const auto layered = make_layered_engine(conv_model(), 0, Precision::fp32);
  for (const Corruption& corruption : {Corruption{.noise = 0.3}, Corruption{.patch = 9}}) {
    const TrainingOptions options{
        .batch_size = 32, .loss = Loss::mse, .seed = 6, .corruption = corruption};
    for (Engine* engine : {engine_.get(), layered.get()}) {
      engine->set_parameters(glorot_uniform(engine->layout(), 4));
      engine->begin_training(images, images, options);
    }
    for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
      const EpochLosses found = engine_->run_epoch(epoch, kNoLimit, kGoOn);
      const EpochLosses expected = layered->run_epoch(epoch, kNoLimit, kGoOn);
      EXPECT_NEAR(found.train_loss, expected.train_loss, 1e-5 * expected.train_loss);
      EXPECT_NEAR(found.validation_loss, expected.validation_loss, 1e-5 * expected.validation_loss);
    }
  }
}

// Codes are of the parameters as they are now.
TEST_F(FusedEngineTest, EncodesWithWhatItLearned) {
  const auto images = to_unit_range(synthetic_digits(40, 3).train.images);
  const auto before = engine_->run(encoder_of(conv_model()), images, {});
  const auto parameters = train(*engine_, images, {.batch_size = 8}, 1);
  const auto layered = make_layered_engine(conv_model(), 0, Precision::fp32);
  layered->set_parameters(parameters);
  const auto codes = engine_->run(encoder_of(conv_model()), images, {});
  EXPECT_NE(codes.values, before.values);
  EXPECT_EQ(codes.values, layered->run(encoder_of(conv_model()), images, {}).values);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
