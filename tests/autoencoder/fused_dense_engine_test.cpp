// The fused engine's half for dense layers against PyTorch in double precision, the layered engine,
// and itself.
#include "autoencoder/fused_dense_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/replicas.hpp>
#include <string>
#include <vector>

#include "support/dense_training.hpp"
#include "support/golden.hpp"
#include "support/golden_steps.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/reference_layers.hpp"
#include "support/relative_error.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

Model one_layer_each(std::size_t values, std::size_t code) {
  return {.name = "two layers",
          .input = {1, 1, values},
          .encoder = {dense(code)},
          .decoder = {dense(values, false)}};
}

Model deep_model() {
  Model model{.name = "deep", .input = {1, 4, 4}, .encoder = {}, .decoder = {}};
  for (std::size_t k = 0; k < 12; ++k) model.encoder.push_back(dense(16 - k % 3));
  model.decoder = {dense(9), dense(16, false)};
  return model;
}

class FusedDenseEngineTest : public OnTarget {
 protected:
  void SetUp() override {
    OnTarget::SetUp();
    if (!IsSkipped()) engine_ = make_fused_dense_engine(dense_model(), 0);
  }

  static double movement_difference(Engine& engine, Engine& expected) {
    auto moved = engine.parameters();
    auto moved_there = expected.parameters();
    const auto initial = glorot_uniform(engine.layout(), 4);
    for (std::size_t i = 0; i < initial.size(); ++i) {
      moved[i] -= initial[i];
      moved_there[i] -= initial[i];
    }
    return test::relative_error<float>(moved, moved_there);
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(FusedDenseEngineTest, FiftyStepsOfTheDenseModel) {
  const Golden golden("dense.safetensors");
  const Array<float>& image = golden["images"];
  engine_->set_parameters(flat_parameters(engine_->layout(), golden, "initial."));
  engine_->begin_training(image, image, {.epochs = 50, .batch_size = 1, .loss = Loss::mse});
  for (std::size_t step = 0; step < 50; ++step) {
    const EpochLosses losses = engine_->run_epoch(step + 1, kNoLimit, kGoOn);
    EXPECT_NEAR(losses.train_loss, golden["adam50.losses"].values[step], 1e-6);
  }
  const double error =
      movement_error(engine_->layout(), engine_->parameters(), golden, "adam50.delta.");
  RecordProperty("error", std::to_string(error));
  EXPECT_LT(error, 2e-5);
}

// Finite differences and plain loops in double precision.
TEST_F(FusedDenseEngineTest, TenStepsOnSeveralImagesAreThoseOfTheMathematics) {
  const Model model{.name = "small",
                    .input = {1, 2, 5},
                    .encoder = {dense(7), dense(3, false)},
                    .decoder = {dense(5), dense(10, false)}};
  const auto engine = make_fused_dense_engine(model, 0);
  const ParameterLayout& layout = engine->layout();
  const Array<float> images = random_images(model, 6);
  const reference::Values targets = test::in_double(images.values);
  for (const Loss loss : {Loss::bce, Loss::mse}) {
    const auto loss_of = [&](const reference::Values& flat) {
      reference::Values x = targets;
      for (std::size_t k = 0; k < 4; ++k) {
        const auto tensor = [&](std::size_t t) {
          return std::span(flat).subspan(layout.offset(t), element_count(layout.specs()[t].shape));
        };
        x = reference::dense(x, tensor(2 * k), tensor(2 * k + 1));
        if (k == 0 || k == 2) x = reference::relu(x);
      }
      return loss == Loss::bce ? reference::bce_from_logits(x, targets)
                               : reference::mse_of_sigmoid(x, targets);
    };
    const auto initial = glorot_uniform(layout, 4);
    reference::Values expected = test::in_double(initial);
    reference::AdamState adam;
    begin(*engine, images, {.epochs = 10, .batch_size = 6, .learning_rate = 1e-3, .loss = loss});
    for (std::size_t step = 1; step <= 10; ++step) {
      const EpochLosses losses = engine->run_epoch(step, kNoLimit, kGoOn);
      EXPECT_NEAR(losses.train_loss, loss_of(expected), 1e-6);
      reference::adam_step(expected, reference::gradient(loss_of, expected), adam);
      EXPECT_NEAR(losses.validation_loss, loss_of(expected), 1e-6);
    }
    auto moved = engine->parameters();
    std::vector<float> movement;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved[i] -= initial[i];
      movement.push_back(static_cast<float>(expected[i] - static_cast<double>(initial[i])));
    }
    EXPECT_LT(test::relative_error<float>(moved, movement), 2e-5);
  }
}

TEST_F(FusedDenseEngineTest, AnyDenseModelMovesAsTheLayeredEngineMovesIt) {
  // 75 images: two parts of a batch in memory, batches of one part, short last ones, one image.
  for (const Model& model : {odd_model(), deep_model(), one_layer_each(1, 1),
                             one_layer_each(16, 32), one_layer_each(37, 3)}) {
    ASSERT_EQ(fused_dense_problem(model, 0), "") << model.name;
    const auto fused = make_fused_dense_engine(model, 0);
    const auto layered = make_layered_engine(model, 0, Precision::fp32);
    const Array<float> images = random_images(model, 75);
    for (const std::size_t batch : {1U, 2U, 7U, 32U, 70U}) {
      for (const Loss loss : {Loss::bce, Loss::mse}) {
        const TrainingOptions options{
            .epochs = 2, .batch_size = batch, .learning_rate = 1e-4, .loss = loss, .seed = 2};
        const auto found = train(*fused, images, options, 2);
        const auto expected = train(*layered, images, options, 2);
        for (std::size_t i = 0; i < found.size(); ++i) {
          EXPECT_NEAR(found[i], expected[i], 1e-5 * expected[i]) << model.name << batch;
        }
        EXPECT_LT(movement_difference(*fused, *layered), 1e-3) << model.name << batch;
      }
    }
  }
}

TEST_F(FusedDenseEngineTest, CorruptsAsTheLayeredEngineDoes) {
  const Model model = odd_model();
  const auto fused = make_fused_dense_engine(model, 0);
  const auto layered = make_layered_engine(model, 0, Precision::fp32);
  const Array<float> images = random_images(model, 41);
  for (const Corruption& corruption :
       {Corruption{.noise = 0.3}, Corruption{.patch = 2}, Corruption{.noise = 0.1, .patch = 3}}) {
    const TrainingOptions options{
        .epochs = 3, .batch_size = 36, .loss = Loss::mse, .seed = 6, .corruption = corruption};
    const auto found = train(*fused, images, options, 3);
    const auto expected = train(*layered, images, options, 3);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-5 * expected[i]);
    }
  }
}

// With no learning, every image's loss is that of the initial weights, whenever it is seen.
TEST_F(FusedDenseEngineTest, AnEpochSeesEveryImageOnce) {
  const Model model = one_layer_each(20, 5);
  const auto engine = make_fused_dense_engine(model, 0);
  const Array<float> images = random_images(model, 103);
  for (const std::size_t batch : {1U, 7U, 64U, 103U}) {
    for (const bool shuffle : {false, true}) {
      const auto losses =
          train(*engine, images,
                {.batch_size = batch, .learning_rate = 1e-30, .seed = 9, .shuffle = shuffle}, 3);
      for (const double loss : losses) EXPECT_NEAR(loss, losses.front(), 1e-6 * losses.front());
    }
  }
}

TEST_F(FusedDenseEngineTest, BytesAndFloatsAreTheSameImages) {
  const Model model = one_layer_each(784, 4);
  const auto engine = make_fused_dense_engine(model, 0);
  const auto bytes = synthetic_digits(70, 3).train.images;
  const TrainingOptions options{.batch_size = 16, .seed = 1};
  (void)train(*engine, bytes, options, 1);
  const auto parameters = engine->parameters();
  (void)train(*engine, to_unit_range(bytes), options, 1);
  EXPECT_EQ(engine->parameters(), parameters);
}

// ---- epochs trained ahead ----------------------------------------------------------------------

TEST_F(FusedDenseEngineTest, LooksIntoATrainingChangeNothing) {
  const Array<float> images = random_images(dense_model(), 5);
  const TrainingOptions options{.epochs = 30, .batch_size = 2, .seed = 1};
  std::vector<std::vector<float>> alone;  // after 0, 1, 2, ... epochs
  for (std::size_t epochs = 0; epochs <= 30; ++epochs) {
    (void)train(*engine_, images, options, epochs);
    alone.push_back(engine_->parameters());
  }
  const auto losses = train(*engine_, images, options, 30);
  begin(*engine_, images, options);
  for (const std::size_t epoch : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 11U}) {
    const EpochLosses now = engine_->run_epoch(epoch, kNoLimit, kGoOn);
    EXPECT_EQ(now.train_loss, losses[2 * epoch - 2]);
    EXPECT_EQ(now.validation_loss, losses[2 * epoch - 1]);
    if (epoch % 3 == 0) {
      EXPECT_EQ(engine_->parameters(), alone[epoch]);
    }
    if (epoch == 7) {
      const auto layered = make_layered_engine(dense_model(), 0, Precision::fp32);
      layered->set_parameters(alone[epoch]);
      const LayerRange encoder = encoder_of(dense_model());
      EXPECT_EQ(engine_->run(encoder, images, {}).values, layered->run(encoder, images, {}).values);
    }
  }
  EXPECT_EQ(engine_->parameters(), alone[11]);
}

TEST_F(FusedDenseEngineTest, StopsWhereItIsTold) {
  const Array<float> images = random_images(dense_model(), 15);
  const TrainingOptions options{.epochs = 20, .batch_size = 2, .seed = 1};
  begin(*engine_, images, options);
  EXPECT_EQ(engine_->run_epoch(1, kNoLimit, kGoOn).steps, 8U);
  const EpochLosses limited = engine_->run_epoch(2, 3, kGoOn);
  EXPECT_EQ(limited.steps, 3U);
  EXPECT_EQ(limited.images, 6U);
  EXPECT_FALSE(limited.stopped);
  EXPECT_GT(limited.validation_loss, 0.0);
  EXPECT_EQ(engine_->run_epoch(3, 100, kGoOn).images, 15U);
  EXPECT_TRUE(engine_->run_epoch(4, 92, [](std::size_t) { return false; }).stopped);
  const auto stopped = engine_->parameters();

  // The same steps, as the layered engine takes them.
  const auto layered = make_layered_engine(dense_model(), 0, Precision::fp32);
  begin(*layered, images, options);
  (void)layered->run_epoch(1, kNoLimit, kGoOn);
  EXPECT_NEAR(layered->run_epoch(2, 3, kGoOn).train_loss, limited.train_loss, 1e-6);
  (void)layered->run_epoch(3, kNoLimit, kGoOn);
  (void)layered->run_epoch(4, kNoLimit, kGoOn);
  EXPECT_LT(movement_difference(*engine_, *layered), 1e-3);
  EXPECT_EQ(engine_->parameters(), stopped);
}

// More steps than a launch takes: looks of the host in the middle of an epoch.
TEST_F(FusedDenseEngineTest, LongEpochsComeInParts) {
  const Array<float> images = random_images(dense_model(), 5000);
  const TrainingOptions options{.epochs = 2, .batch_size = 1, .learning_rate = 1e-5, .seed = 3};
  begin(*engine_, images, options);
  std::vector<std::size_t> seen;
  const EpochLosses losses = engine_->run_epoch(1, kNoLimit, [&](std::size_t now) {
    seen.push_back(now);
    return true;
  });
  ASSERT_GE(seen.size(), 2U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(seen.back(), 5000U);
  EXPECT_EQ(losses.steps, 5000U);
  const auto layered = make_layered_engine(dense_model(), 0, Precision::fp32);
  begin(*layered, images, options);
  const EpochLosses expected = layered->run_epoch(1, kNoLimit, kGoOn);
  EXPECT_NEAR(losses.train_loss, expected.train_loss, 1e-5 * expected.train_loss);
  EXPECT_NEAR(losses.validation_loss, expected.validation_loss, 1e-5 * expected.validation_loss);
  EXPECT_LT(movement_difference(*engine_, *layered), 1e-3);

  begin(*engine_, images, options);
  const EpochLosses stopped = engine_->run_epoch(1, kNoLimit, [](std::size_t) { return false; });
  EXPECT_EQ(stopped.images, seen.front());
  EXPECT_TRUE(stopped.stopped);
}

// ---- the clock ---------------------------------------------------------------------------------

std::vector<std::string> names_of(const std::vector<PhaseTime>& times) {
  std::vector<std::string> names;
  for (const PhaseTime& time : times) names.push_back(time.phase);
  return names;
}
double sum_of(const std::vector<PhaseTime>& times) {
  double sum = 0.0;
  for (const PhaseTime& time : times) sum += time.seconds;
  return sum;
}

TEST_F(FusedDenseEngineTest, TimesItsPhasesAndChangesNothing) {
  const Array<float> images = random_images(dense_model(), 30);
  TrainingOptions options{.epochs = 3, .batch_size = 8, .seed = 1};
  const auto losses = train(*engine_, images, options, 3);
  const auto plain = engine_->parameters();
  EXPECT_TRUE(engine_->phase_times().empty());

  options.phase_times = true;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(train(*engine_, images, options, 3), losses);
  EXPECT_EQ(engine_->parameters(), plain);
  const auto times = engine_->phase_times();
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(names_of(times),
            (std::vector<std::string>{"setup", "shuffle", "load", "forward", "last layer and loss",
                                      "backward", "update", "validation", "finish"}));
  EXPECT_LE(sum_of(times), elapsed + kTick) << "its block is no longer at work than there is time";

  options.shuffle = false;
  (void)train(*engine_, images, options, 1);
  EXPECT_THAT(names_of(engine_->phase_times()), testing::Not(testing::Contains("shuffle")));
}

TEST_F(FusedDenseEngineTest, TellsThePhasesOfReplicasAsTheirMean) {
  const Device device = select_device(kOnCuda ? "cuda" : "cpu");
  const Array<float> images = random_images(odd_model(), 9);
  std::vector<std::vector<PhaseTime>> told;
  ReplicaOptions options{.count = 70, .training = {.epochs = 2, .batch_size = 9}};
  options.on_phases = [&](const std::vector<PhaseTime>& times) { told.push_back(times); };
  const auto plain = train_replicas(odd_model(), images, images, options, device);
  EXPECT_TRUE(told.empty()) << "nobody asked";

  options.training.phase_times = true;
  const auto start = std::chrono::steady_clock::now();
  const auto replicas = train_replicas(odd_model(), images, images, options, device);
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (std::size_t r = 0; r < replicas.size(); ++r) {
    EXPECT_EQ(replicas[r].final_loss, plain[r].final_loss);
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(names_of(told.front()), testing::Contains("backward"));
  // As many at a time as there are threads; on a GPU any number.
  const double at_a_time = kOnCuda ? 70.0 : static_cast<double>(cpu_threads());
  EXPECT_LE(70.0 * sum_of(told.front()), at_a_time * (elapsed + kTick));
}

// ---- replicas ----------------------------------------------------------------------------------

// Many images, corrupted, in batches of several parts; with replicas_test.cpp's one image.
TEST_F(FusedDenseEngineTest, AReplicaIsWhatItWouldBeAlone) {
  const Model model = odd_model();
  const Device device = select_device(kOnCuda ? "cuda" : "cpu");
  const Array<float> images = random_images(model, 47);
  const Array<float> validation = random_images(model, 35);
  const ReplicaOptions options{.count = 5,
                               .training = {.epochs = 3,
                                            .steps = 5,
                                            .batch_size = 40,
                                            .learning_rate = 1e-2,
                                            .seed = 8,
                                            .corruption = {.noise = 0.2, .patch = 2}}};
  const auto replicas = train_replicas(model, images, validation, options, device);
  ASSERT_EQ(replicas.size(), 5U);
  for (std::size_t r = 0; r < 5; ++r) {
    Autoencoder alone(model, device, EngineKind::fused);
    alone.initialize(8 + r);
    TrainingOptions training = options.training;
    training.seed = 8 + r;
    const auto result = alone.train(images, validation, training);
    EXPECT_EQ(result.steps, 5U);
    EXPECT_EQ(replicas[r].final_loss, result.epochs.back().validation_loss);
    const auto codes = alone.encode(validation);
    std::size_t dead = 0;
    for (std::size_t unit = 0; unit < codes.row_size(); ++unit) {
      bool silent = true;
      for (std::size_t row = 0; row < codes.rows(); ++row) silent &= codes.row(row)[unit] == 0.f;
      dead += silent ? 1 : 0;
    }
    EXPECT_EQ(replicas[r].dead_units, dead);
  }
}

// ---- what it takes -----------------------------------------------------------------------------

TEST_F(FusedDenseEngineTest, WhatItCannotTrainItSays) {
  const auto problem = [](const Model& model) { return fused_dense_problem(model, 0); };
  EXPECT_NE(problem(one_layer_each(784, 784)).find("weights and moments"), std::string::npos);
  EXPECT_NE(problem(one_layer_each(1U << 20U, 20)).find("too many"), std::string::npos);
  Model mixed = dense_model();
  mixed.decoder.insert(mixed.decoder.begin() + 1,
                       {{.kind = LayerKind::reshape, .shape = {1, 4, 4}},
                        {.kind = LayerKind::convolution, .outputs = 1, .relu = true}});
  EXPECT_NE(problem(mixed).find("layer 5 is not dense"), std::string::npos);
  Model no_encoder = one_layer_each(12, 1);
  no_encoder.encoder = {{.kind = LayerKind::reshape, .shape = {3, 2, 2}}};
  EXPECT_NE(problem(no_encoder).find("no dense layer"), std::string::npos);
  Model deep = deep_model();
  for (std::size_t k = 0; k < 20; ++k) deep.encoder.push_back(dense(4));
  EXPECT_NE(problem(deep).find("more than the 32"), std::string::npos);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
