// What is the fused engine's own (engine_test.cpp has what every engine promises): which models,
// beside the layered engine, and any number of threads.
#include "autoencoder/fused_engine.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "data/device_rows.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"
#include "support/relative_error.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

// Channels that fill no tile, several image channels, one map between two layers, other depths.
std::vector<Model> other_models() {
  const auto convolution = [](std::size_t outputs, bool relu = true) {
    return LayerSpec{.kind = LayerKind::convolution, .outputs = outputs, .relu = relu};
  };
  const LayerSpec pool{.kind = LayerKind::max_pool};
  const LayerSpec upsample{.kind = LayerKind::upsample};
  return {{.name = "colours",
           .input = {3, 6, 10},
           .encoder = {convolution(5), pool},
           .decoder = {convolution(3), upsample, convolution(3, false)}},
          {.name = "narrow",
           .input = {1, 8, 16},
           .encoder = {convolution(1), pool, convolution(6), pool, convolution(9), pool},
           .decoder = {convolution(7), upsample, convolution(1), upsample, convolution(4), upsample,
                       convolution(1, false)}}};
}

class FusedEngineTest : public OnTarget {
 protected:
  void SetUp() override {
    OnTarget::SetUp();
    if (!IsSkipped()) engine_ = make_fused_engine(conv_model(), 0);
  }
  static EpochLosses run_epoch(Engine& engine, std::size_t epoch) {
    return engine.run_epoch(epoch, static_cast<std::size_t>(-1), [](std::size_t) { return true; });
  }
  /// The parameters after so many epochs from the same start.
  static std::vector<float> train(Engine& engine, const Images& images,
                                  const TrainingOptions& options, std::size_t epochs) {
    engine.set_parameters(glorot_uniform(engine.layout(), 4));
    engine.begin_training(images, images, options);
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) (void)run_epoch(engine, epoch);
    return engine.parameters();
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(FusedEngineTest, OtherModelsOfTheFamilyMoveAsTheLayeredEngineMovesThem) {
  for (const Model& model : other_models()) {
    ASSERT_EQ(fused_problem(model, 0), "");
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
  EXPECT_NE(fused_problem(dense_model(), 0).find("layer 1 is dense"), std::string::npos);
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
      const auto trained = train(*engine_, data.train.images, options, 1);
      if (first.empty()) first = trained;
      EXPECT_EQ(trained, first) << count << " threads, batches of " << batch;
    }
  }
  omp_set_num_threads(threads);
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
      const EpochLosses found = run_epoch(*engine_, epoch);
      const EpochLosses expected = run_epoch(*layered, epoch);
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
  const auto expected = layered->run(encoder_of(conv_model()), images, {});
  EXPECT_GT(test::relative_error<float>(codes.values, before.values), 1e-2);
  EXPECT_LT(test::relative_error<float>(codes.values, expected.values), 1e-6);
}

// Bytes and floats, a last group that is not full, and each half by itself.
TEST_F(FusedEngineTest, RunsWhatTheLayeredEngineRuns) {
  std::vector<Model> models = other_models();
  models.push_back(conv_model());
  for (const Model& model : models) {
    constexpr std::size_t kRows = 37;
    const auto fused = make_fused_engine(model, 0);
    const auto layered = make_layered_engine(model, 0, Precision::fp32);
    for (Engine* engine : {fused.get(), layered.get()}) {
      engine->set_parameters(glorot_uniform(engine->layout(), 4));
    }
    const Array<float> floats({kRows, model.input.size()},
                              test::random_values(kRows * model.input.size(), 0.f, 1.f));
    Array<std::uint8_t> bytes(floats.shape);
    std::ranges::transform(floats.values, bytes.values.begin(),
                           [](float value) { return static_cast<std::uint8_t>(255.f * value); });
    const std::size_t code = model.latent().size();
    const Array<float> codes({kRows, code}, test::random_values(kRows * code, 0.f, 3.f));
    const auto compare = [&](LayerRange layers, const Images& rows, const char* what) {
      const auto found = fused->run(layers, rows, {});
      const auto expected = layered->run(layers, rows, {});
      EXPECT_EQ(found.shape, expected.shape) << model.name << what;
      EXPECT_LT(test::relative_error<float>(found.values, expected.values), 2e-6)
          << model.name << what;
      Array<float> on_device(found.shape);
      fused->run_on_device(layers, rows, {})->copy_to_host(on_device.values);
      EXPECT_EQ(on_device.values, found.values) << model.name << what;
    };
    compare(encoder_of(model), floats, ", floats to codes");
    compare(encoder_of(model), bytes, ", bytes to codes");
    compare(decoder_of(model), codes, ", codes to images");
    compare(all_of(model), floats, ", floats to images");
    compare(all_of(model), bytes, ", bytes to images");
    compare({0, 1}, bytes, ", a layer alone");
  }
}

TEST_F(FusedEngineTest, RunsToTheSameBitsOnAnyNumberOfThreadsAndInAnyCompany) {
  const Dataset data = synthetic_digits(330, 3);
  engine_->set_parameters(glorot_uniform(engine_->layout(), 4));
  const int threads = omp_get_max_threads();
  const auto all = engine_->run(all_of(conv_model()), data.train.images, {});
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    EXPECT_EQ(engine_->run(all_of(conv_model()), data.train.images, {}).values, all.values);
  }
  omp_set_num_threads(threads);
  const auto some = engine_->run(all_of(conv_model()), Images(data.train.images).part(7, 3), {});
  EXPECT_TRUE(std::ranges::equal(some.row(1), all.row(8)));
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
