// The fused engine with a GPU's blocks and threads, on the parts there are: by the shared memory
// that a block may have. Emulated.
#include <gtest/gtest.h>

#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "autoencoder/engine.hpp"
#include "autoencoder/fused_network.hpp"
#include "kernels/fused/train.hpp"
#include "kernels/simt/emulation.hpp"
#include "support/golden.hpp"
#include "support/golden_steps.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using simt::Emulation;
using simt::EmulationScope;
using simt::ThreadOrder;

constexpr std::size_t kKilobyte = 1024;

/// The parameters after two steps on two images, whose losses must be PyTorch's.
std::vector<float> two_steps(const Emulation& emulation) {
  const EmulationScope scope(emulation);
  const Golden golden("conv.safetensors");
  const auto images = to_bytes(golden["images"]);
  const auto engine = make_fused_engine(conv_model(), 0);
  engine->set_parameters(flat_parameters(engine->layout(), golden, "initial."));
  engine->begin_training(images, images, {.batch_size = images.rows(), .shuffle = false});
  for (std::size_t step = 0; step < 2; ++step) {
    const EpochLosses losses =
        engine->run_epoch(step + 1, 1, [](std::size_t /*images*/) { return true; });
    EXPECT_NEAR(losses.train_loss, golden["adam10.losses"].values[step], 1e-6);
  }
  return engine->parameters();
}

fused::Setting setting_with(std::size_t shared_bytes, bool corrupts = true) {
  const EmulationScope scope({.order = ThreadOrder::forward, .shared_bytes = shared_bytes});
  return fused::best_setting(describe_for_fused(conv_model()).description, corrupts);
}

TEST(FusedPlans, TakeWhatTheModelOfTheirCostSays) {  // bench/fused_cost.py, docs/fused-cost.md
  EXPECT_EQ(setting_with(227 * kKilobyte, false).memory, 114'832U);
  EXPECT_EQ(setting_with(99 * kKilobyte, false).memory, 96'400U);
  EXPECT_EQ(setting_with(99 * kKilobyte).memory, 96'400U + 3'648U);
}

TEST(FusedPlans, EveryOrderOfThreadsOnAPartOf227Kilobytes) {
  EXPECT_FALSE(setting_with(227 * kKilobyte).plan.reuse);
  const auto first = two_steps({.order = ThreadOrder::forward});
  EXPECT_EQ(two_steps({.order = ThreadOrder::reverse}), first);
  EXPECT_EQ(two_steps({.order = ThreadOrder::shuffled}), first);
}

TEST(FusedPlans, APartOf163KilobytesDoesTheSame) {
  EXPECT_FALSE(setting_with(163 * kKilobyte).plan.reuse);
  EXPECT_LE(setting_with(163 * kKilobyte).memory, 163 * kKilobyte);
  EXPECT_EQ(two_steps({.order = ThreadOrder::shuffled, .shared_bytes = 163 * kKilobyte}),
            two_steps({.order = ThreadOrder::forward}));
}

TEST(FusedPlans, EveryOrderOfThreadsOnAPartOf99Kilobytes) {
  constexpr std::size_t kBytes = 99 * kKilobyte;
  EXPECT_TRUE(setting_with(kBytes).plan.reuse);
  const auto first = two_steps({.order = ThreadOrder::forward, .shared_bytes = kBytes});
  EXPECT_EQ(two_steps({.order = ThreadOrder::reverse, .shared_bytes = kBytes}), first);
  EXPECT_EQ(two_steps({.order = ThreadOrder::shuffled, .shared_bytes = kBytes}), first);
}

/// Codes, and images, of the golden images.
std::vector<float> inferred(const Emulation& emulation) {
  const EmulationScope scope(emulation);
  const Golden golden("conv.safetensors");
  const auto images = to_bytes(golden["images"]);
  const auto engine = make_fused_engine(conv_model(), 0);
  engine->set_parameters(flat_parameters(engine->layout(), golden, "initial."));
  std::vector<float> all;
  for (const LayerRange layers : {encoder_of(conv_model()), all_of(conv_model())}) {
    const auto values = engine->run(layers, images, {}).values;
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

TEST(FusedPlans, InferenceTooIsTheSameInEveryOrderOfThreadsAndOnEveryPart) {
  const auto first = inferred({.order = ThreadOrder::forward});
  EXPECT_EQ(inferred({.order = ThreadOrder::reverse}), first);
  EXPECT_EQ(inferred({.order = ThreadOrder::shuffled, .shared_bytes = 99 * kKilobyte}), first);
  const auto plain = inferred({});
  ASSERT_EQ(plain.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) ASSERT_NEAR(plain[i], first[i], 2e-6) << i;
}

TEST(FusedPlans, APartOf64KilobytesIsRefused) {
  const EmulationScope scope({.order = ThreadOrder::forward, .shared_bytes = 64 * kKilobyte});
  constexpr const char* kProblem =
      "an image takes 98 KB of shared memory, more than the 64 KB that this GPU gives a block";
  EXPECT_EQ(fused_problem(conv_model(), 0), kProblem);

  const ChosenEngine chosen =
      choose_engine(conv_model(), {}, EngineKind::automatic, Precision::fp32);
  EXPECT_EQ(chosen.engine->kind(), EngineKind::layered);
  EXPECT_EQ(chosen.why_not_fused, kProblem);
  try {
    (void)choose_engine(conv_model(), {}, EngineKind::fused, Precision::fp32);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              std::string("engine 'fused': ") + kProblem + "; use --engine layered (or auto)");
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
