// A block that never comes must end the others' wait, and be named.
#include <gtest/gtest.h>

#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "autoencoder/fused_engine.hpp"
#include "kernels/fused/meeting.cuh"
#include "kernels/fused/stage.cuh"
#include "kernels/simt/emulation.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr std::uint32_t kSteps = 6;
constexpr unsigned kBlocks = 4;

/// Meets after each step; block 2 has gone in the middle of step `lost`.
__global__ void meet_often(fused::Exchange* exchange, std::uint32_t* places, std::uint32_t lost,
                           std::uint64_t patience) {
  fused::Stage stage(places + blockIdx.x, nullptr);
  fused::Meeting meeting(*exchange, simt::shared<std::uint32_t>(), patience);
  for (std::uint32_t step = 0; step < kSteps; ++step) {
    stage.begin_step(step);
    stage.enter(Phase::upsampled_backward);
    if (blockIdx.x == 2 && step == lost) return;
    stage.enter(Phase::wait);
    if (!meeting.meet()) return;
  }
}

std::string watch_problem(std::uint32_t lost) {
  fused::Exchange exchange;
  std::vector<std::uint32_t> places(kBlocks);
  constexpr std::uint64_t kPatience = 1'000'000;  // ns
  simt::launch(nullptr,
               {.grid = {kBlocks},
                .block = {32},
                .shared_bytes = sizeof(std::uint32_t),
                .cooperative = true},
               meet_often, &exchange, places.data(), lost, kPatience);
  try {
    check_watch(exchange, places);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(FusedWatch, NamesTheBlockThatNeverCame) {
  for (const auto order :
       {simt::ThreadOrder::forward, simt::ThreadOrder::reverse, simt::ThreadOrder::shuffled}) {
    const simt::EmulationScope scope(order);
    const std::string problem = watch_problem(3);
    EXPECT_TRUE(problem.starts_with("engine 'fused': block ")) << problem;
    EXPECT_NE(problem.find(" waited in vain for block 2, which is at 'upsampled backward' of step "
                           "4 of the launch; use --engine layered"),
              std::string::npos)
        << problem;
    EXPECT_EQ(watch_problem(kSteps), "") << "all came";
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
