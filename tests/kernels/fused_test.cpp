// The fused engine's kernel with a GPU's blocks, threads and memory plan, in every order of
// emulated threads, beside what the CPU makes of it: a vector of images a block of one thread.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/simt/emulation.hpp"
#include "support/fused_steps.hpp"
#include "support/relative_error.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using fused::Summing;
using simt::ThreadOrder;

LayerSpec convolution(std::size_t outputs, bool relu = true) {
  return {.kind = LayerKind::convolution, .outputs = outputs, .relu = relu};
}
constexpr LayerSpec kPool{.kind = LayerKind::max_pool};
constexpr LayerSpec kUpsample{.kind = LayerKind::upsample};

/// Few barriers, which are what emulation takes its time for.
Model shallow_model() {
  return {.name = "shallow",
          .input = {1, 4, 6},
          .encoder = {convolution(4), kPool},
          .decoder = {convolution(4), kUpsample, convolution(1, false)}};
}

/// Channels that fill no tile, of images too.
Model odd_model() {
  return {.name = "odd",
          .input = {3, 4, 12},
          .encoder = {convolution(5), kPool, convolution(3), kPool},
          .decoder = {convolution(4), kUpsample, convolution(6), kUpsample, convolution(3, false)}};
}

/// Two steps, the second of a shorter batch where there can be one, and the validation.
FusedSteps two_steps(const Model& model, std::size_t batch, std::size_t blocks) {
  return {.model = model,
          .images = batch + batch / 7 + 1,
          .batch = batch,
          .validation = 4,
          .blocks = blocks};
}

void expect_near(const FusedOutcome& found, const FusedOutcome& expected) {
  EXPECT_LT(test::relative_error<float>(found.moved, expected.moved), 1e-4);
  EXPECT_LT(test::relative_error<float>(found.moments, expected.moments), 1e-5);
  EXPECT_LT(test::relative_error<double>(found.losses, expected.losses), 1e-6);
}

class FusedKernel : public testing::TestWithParam<Summing> {
 protected:
  /// In every order of threads: as on the CPU but for rounding, and, unless blocks add as they
  /// come, the same bytes.
  void expect_as_on_the_cpu(FusedSteps steps) {
    SCOPED_TRACE("batches of " + std::to_string(steps.batch) + " on " +
                 std::to_string(steps.blocks) + " blocks");
    const FusedOutcome expected = run_fused_steps(steps);
    steps.summing = GetParam();
    std::optional<FusedOutcome> first;
    for (const auto order : {ThreadOrder::forward, ThreadOrder::reverse, ThreadOrder::shuffled}) {
      const simt::EmulationScope scope(order);
      const FusedOutcome found = run_fused_steps(steps);
      expect_near(found, expected);
      if (!first) first = found;
      if (GetParam() != Summing::atomic) {
        EXPECT_EQ(found, *first);
      }
    }
  }
};

std::string summing_name(const testing::TestParamInfo<Summing>& info) {
  constexpr const char* kNames[] = {"by_each", "by_shares", "atomic"};
  return kNames[static_cast<int>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Summing, FusedKernel,
                         testing::Values(Summing::by_each, Summing::by_shares, Summing::atomic),
                         summing_name);

TEST_P(FusedKernel, TakesBatchesOfAnySizeOnGridsOfAnySize) {
  for (const auto& [batch, blocks] :
       {std::pair{1U, 1U}, {1U, 3U}, {2U, 1U}, {2U, 3U}, {63U, 3U}, {64U, 1U}, {65U, 5U}}) {
    expect_as_on_the_cpu(two_steps(shallow_model(), batch, blocks));
  }
}

TEST_P(FusedKernel, TrainsOtherModels) {
  for (const Model& model : {conv_model(), odd_model()}) {
    expect_as_on_the_cpu(two_steps(model, 3, 2));
  }
}

TEST_P(FusedKernel, CorruptsWhatTheNetworkSees) {
  FusedSteps steps = two_steps(odd_model(), 3, 2);
  const FusedOutcome clean = run_fused_steps(steps);
  for (const auto& noise : {fused::Noise{.deviation = 0.3f}, fused::Noise{.patch = 3}}) {
    steps.noise = noise;
    expect_as_on_the_cpu(steps);
    EXPECT_NE(run_fused_steps(steps).losses, clean.losses);
  }
}

// Blocks that are threads of the OS: fewer than groups, as many, more.
TEST_P(FusedKernel, GivesTheSameBytesOnEveryGrid) {
  FusedSteps steps = two_steps(odd_model(), 65, 1);
  const FusedOutcome expected = run_fused_steps(steps);
  steps.summing = GetParam();
  for (const std::size_t blocks : {1U, 2U, 3U, 5U, 9U}) {
    steps.blocks = blocks;
    const FusedOutcome found = run_fused_steps(steps);
    expect_near(found, expected);
    if (GetParam() != Summing::atomic) {
      EXPECT_EQ(found, expected);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
