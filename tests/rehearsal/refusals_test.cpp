// The fused engine on GPUs that lack what it needs: it says what, and 'auto' takes the layered one.
#include <gtest/gtest.h>

#include <cstddef>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "rehearsal/runtime/gpu.hpp"

namespace hourglass {
namespace {

using rehearsal::Playing;

const Device& gpu() {
  static const Device device = select_device("cuda");
  return device;
}

/// What is said where the model's fused engine is asked for; nothing if there is one.
std::string refusal(const Model& model) {
  try {
    const Autoencoder autoencoder(model, gpu(), EngineKind::fused);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

void expect_refused(const Model& model, const std::string& problem) {
  EXPECT_EQ(refusal(model), "engine 'fused': " + problem + "; use --engine layered (or auto)");
  EXPECT_EQ(Autoencoder(model, gpu()).why_not_fused(), problem);
}

/// The parameters after a step, by the engine that 'auto' takes.
std::vector<float> step(const Model& model, const Images& images, EngineKind expected) {
  Autoencoder autoencoder(model, gpu());
  EXPECT_EQ(autoencoder.engine(), expected);
  autoencoder.initialize(1);
  autoencoder.train(images, images, {.epochs = 1, .batch_size = images.count()});
  std::vector<float> all;
  for (const auto& tensor : autoencoder.parameters()) {
    all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  }
  return all;
}

std::vector<float> step_of_conv(EngineKind expected) {
  return step(conv_model(), synthetic_digits(3, 1).train.images, expected);
}
std::vector<float> step_of_dense(EngineKind expected) {
  return step(dense_model(), digit_four(), expected);
}

struct Lacking {
  const char* gpu;
  const char* conv;   // what is said of the model's fused engine
  const char* dense;  // likewise; null: there is one
};

const Lacking kLacking[] = {
    {"7.5",
     "an image takes 98 KB of shared memory, more than the 64 KB that this GPU gives a block",
     nullptr},
    {"not cooperative",
     "this GPU has no cooperative launches, whose blocks may wait for each other", nullptr},
    {"few registers",
     "no block of 256 threads and 98 KB of shared memory can be resident on this GPU",
     "no block of 256 threads and 43 KB of shared memory can be resident on this GPU"}};

TEST(Refusals, SayWhatIsLackingAndTheLayeredEngineSteps) {
  const auto fused_step = step_of_dense(EngineKind::fused);
  for (const auto& [name, conv, dense] : kLacking) {
    SCOPED_TRACE(name);
    const Playing playing(name);
    expect_refused(conv_model(), conv);
    EXPECT_FALSE(step_of_conv(EngineKind::layered).empty());
    if (dense != nullptr) {
      expect_refused(dense_model(), dense);
      EXPECT_FALSE(step_of_dense(EngineKind::layered).empty());
    } else {
      EXPECT_EQ(refusal(dense_model()), "");
      EXPECT_EQ(step_of_dense(EngineKind::fused), fused_step);
    }
  }
}

TEST(Refusals, TheTightPlanStepsWhereTheRoomyOneDoesNotFit) {
  const auto roomy = step_of_conv(EngineKind::fused);
  const Playing playing("8.6");
  EXPECT_EQ(refusal(conv_model()), "");
  const auto tight = step_of_conv(EngineKind::fused);
  ASSERT_EQ(tight.size(), roomy.size());
  for (std::size_t i = 0; i < tight.size(); ++i) EXPECT_NEAR(tight[i], roomy[i], 1e-6) << i;
}

}  // namespace
}  // namespace hourglass
