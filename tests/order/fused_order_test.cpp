// What the fused engine's blocks tell each other is ordered, and by no more than is needed.
//
// Built with ThreadSanitizer, which knows of nothing that orders two blocks, here threads of the
// OS, but the atomic words of kernels/simt/order.hpp: what one writes and another reads without
// such an order between them it reports, whenever they happened to run. So it is silent about the
// kernel as it is, and complains as soon as any one of its orders is forgotten.
#include <gtest/gtest.h>

#include <string>

#include "kernels/simt/atomic_word.hpp"
#include "kernels/simt/lanes.hpp"
#include "support/fused_steps.hpp"

/// A report ends the process, with this status.
extern "C" const char* __tsan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "halt_on_error=1:exitcode=66:report_signal_unsafe=0";
}

namespace hourglass::HOURGLASS_TARGET {
namespace {

using fused::Summing;
using simt::detail::Forgotten;
using simt::detail::forgotten;

constexpr Summing kSummings[] = {Summing::by_each, Summing::by_shares, Summing::atomic};

constexpr std::size_t kBatch = 80;

/// Four steps of a small network, the last of a short batch, and its validation.
void run(std::size_t blocks, Summing summing) {
  const LayerSpec pool{.kind = LayerKind::max_pool};
  const LayerSpec upsample{.kind = LayerKind::upsample};
  const auto convolution = [](std::size_t outputs, bool relu = true) {
    return LayerSpec{.kind = LayerKind::convolution, .outputs = outputs, .relu = relu};
  };
  (void)run_fused_steps({.model = {.name = "small",
                                   .input = {1, 4, 4},
                                   .encoder = {convolution(4), pool},
                                   .decoder = {convolution(4), upsample, convolution(1, false)}},
                         .images = 300,
                         .batch = kBatch,
                         .validation = 80,
                         .blocks = blocks,
                         .summing = summing});
}

// Alone; with groups claimed as blocks come; with a group or none for each.
TEST(FusedOrder, AsItIsThereIsNoRace) {
  for (const Summing summing : kSummings) {
    for (const std::size_t blocks : {1U, 2U, 3U, 90U}) run(blocks, summing);
  }
}

// With a group for each block, so that the last to come, too, has something that others read.
TEST(FusedOrder, WithoutAnyOneOfItsOrdersThereIsARace) {
  constexpr std::size_t kBlocks = (kBatch - 1) / lanes::kWidestLanes + 1;
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const auto order : {Forgotten::acquire_of_load, Forgotten::release_of_store,
                           Forgotten::acquire_of_add, Forgotten::release_of_add}) {
    for (const Summing summing : kSummings) {
      SCOPED_TRACE(std::to_string(static_cast<int>(order)) + ", summing " +
                   std::to_string(static_cast<int>(summing)));
      forgotten = order;
      EXPECT_EXIT(run(kBlocks, summing), testing::ExitedWithCode(66), "data race");
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
