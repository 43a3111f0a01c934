// What the emulation is for: it shows races and reads of unset memory, and reports what would hang.
#include "kernels/simt/emulation.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <hourglass/error.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "every_order.hpp"
#include "kernels/simt/order.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using simt::LaunchConfig;
using simt::ThreadOrder;

constexpr ThreadOrder kEmulated[] = {ThreadOrder::forward, ThreadOrder::reverse,
                                     ThreadOrder::shuffled};

struct Smem {
  float values[64];
};

// ---- planted faults -----------------------------------------------------------------------------

__global__ void neighbour(float* out, bool with_barrier) {
  Smem& smem = simt::shared<Smem>();
  smem.values[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (with_barrier) simt::sync_block();
  out[threadIdx.x] = smem.values[(threadIdx.x + 1) % blockDim.x];
}

__global__ void read_unset(float* out) {
  out[simt::global_thread()] = simt::shared<Smem>().values[threadIdx.x];
}

__global__ void fill_shared(float* out) {
  simt::shared<Smem>().values[threadIdx.x] = 1.0F;
  out[simt::global_thread()] = 1.0F;
}

__global__ void leave_early(unsigned staying) {
  if (threadIdx.x >= staying) return;
  simt::sync_block();
}

__global__ void two_barriers() {
  // NOLINTNEXTLINE(bugprone-branch-clone): that is the fault
  if (threadIdx.x % 2 == 0) {
    simt::sync_block();
  } else {
    simt::sync_block();
  }
}

__global__ void lane_leaves(float* out) {
  if (simt::lane() == 9) return;
  out[threadIdx.x] = simt::shuffle_xor(1.0F, 1);
}

__global__ void two_shuffles(float* out) {
  if (simt::lane() < 16) {
    out[threadIdx.x] = simt::shuffle_down(1.0F, 1);
  } else {
    out[threadIdx.x] = simt::shuffle_down(2.0F, 1);
  }
}

__global__ void two_words(unsigned* out) {
  if (simt::lane() < 16) {
    out[threadIdx.x] = simt::ballot(true);
  } else {
    out[threadIdx.x] = simt::shuffle_xor(simt::Several<unsigned, 4>{}, 1).values[0];
  }
}

__global__ void not_in_mask() {
  simt::sync_warp(0x0000FFFF);
}

__global__ void wait_for_the_first_block(std::uint32_t* word) {
  if (blockIdx.x == 0) {
    simt::store_release(word, 1);
  } else {
    simt::wait_while(word, 0, [] { return false; });
  }
}

__global__ void warp_against_block(unsigned block) {
  if (blockIdx.x != block) return;
  if (simt::warp() == 0 && simt::lane() < 8) {
    simt::sync_warp();
  } else {
    simt::sync_block();
  }
}

/// Throws in one thread while all others wait, and counts what was unwound.
__global__ void throw_in(unsigned block, unsigned thread, unsigned* alive) {
  struct Guard {
    unsigned* alive;
    explicit Guard(unsigned* alive_) : alive(alive_) { simt::atomic_add(alive, 1u); }
    ~Guard() { simt::atomic_add(alive, ~0u); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
  } guard(alive);
  simt::sync_block();
  if (blockIdx.x == block && threadIdx.x == thread) throw std::out_of_range("planted");
  simt::sync_block();
}

template <class... P, class... A>
std::string error_of(const LaunchConfig& config, void (*kernel)(P...), A... args) {
  try {
    simt::launch(nullptr, config, kernel, args...);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_all_in(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "no \"" << part << "\" in: " << text;
  }
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

// ---- memory -------------------------------------------------------------------------------------

TEST(Emulation, OrdersShowARace) {
  const LaunchConfig config{.block = {64}, .shared_bytes = sizeof(Smem)};
  std::vector<float> expected(64);
  for (std::size_t i = 0; i < 64; ++i) expected[i] = static_cast<float>((i + 1) % 64);
  int wrong = 0;
  for (const ThreadOrder order : kEmulated) {
    const simt::EmulationScope scope(order);
    std::vector<float> out(64);
    simt::launch(nullptr, config, neighbour, out.data(), true);
    EXPECT_EQ(out, expected);
    simt::launch(nullptr, config, neighbour, out.data(), false);
    if (out != expected) ++wrong;
  }
  EXPECT_GT(wrong, 0);
}

TEST(Emulation, SeedsShuffleDifferently) {
  const LaunchConfig config{.block = {64}, .shared_bytes = sizeof(Smem)};
  const auto run = [&](std::uint32_t seed) {
    const simt::EmulationScope scope(ThreadOrder::shuffled, seed);
    std::vector<float> out(64);
    simt::launch(nullptr, config, neighbour, out.data(), false);
    std::vector<bool> unset(64);
    std::transform(out.begin(), out.end(), unset.begin(), [](float x) { return std::isnan(x); });
    return unset;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Emulation, SharedMemoryStartsAsNaNInEachBlock) {
  const simt::EmulationScope scope(ThreadOrder::forward);
  for (const unsigned block : {1U, 64U}) {
    const LaunchConfig config{.grid = {8}, .block = {block}, .shared_bytes = sizeof(Smem)};
    std::vector<float> out(std::size_t{8} * block);
    simt::launch(nullptr, config, fill_shared, out.data());
    simt::launch(nullptr, config, read_unset, out.data());
    for (const float x : out) EXPECT_TRUE(std::isnan(x));
  }
}

TEST(Emulation, TooLittleSharedMemoryIsReported) {
  float out[2];
  for (const unsigned block : {1U, 2U}) {
    const LaunchConfig config{.grid = {4}, .block = {block}, .shared_bytes = 255};
    expect_all_in(error_of(config, read_unset, &out[0]), {"256 bytes", "255"});
  }
}

// ---- recorded launches --------------------------------------------------------------------------

__global__ void add_neighbour(const std::uint32_t* from, std::uint32_t* to) {
  if (threadIdx.x == 0) to[blockIdx.x] = from[blockIdx.x] + from[(blockIdx.x + 1) % gridDim.x];
}

__global__ void throw_in_one_block(unsigned block) {
  if (blockIdx.x == block) throw std::runtime_error("in the middle");
}

TEST(Recorded, EachLaunchSeesWhatTheOnesBeforeHaveDone) {
  constexpr unsigned kBlocks = 37;
  constexpr int kLaunches = 200;
  std::vector<std::uint32_t> values[2] = {std::vector<std::uint32_t>(kBlocks, 1),
                                          std::vector<std::uint32_t>(kBlocks)};
  values[0][5] = 3;
  auto expected = values[0];
  const auto launches = simt::record([&] {
    for (int i = 0; i < kLaunches; ++i) {
      simt::launch(nullptr, {.grid = {kBlocks}}, add_neighbour, values[i % 2].data(),
                   values[(i + 1) % 2].data());
    }
  });
  EXPECT_EQ(values[0], expected) << "recording has run something";
  for (int round = 0; round < 3; ++round) {
    simt::run_all(launches);
    for (int i = 0; i < kLaunches; ++i) {
      const auto before = expected;
      for (unsigned b = 0; b < kBlocks; ++b) expected[b] = before[b] + before[(b + 1) % kBlocks];
    }
    ASSERT_EQ(values[0], expected) << round;
  }
}

TEST(Recorded, ALaunchThatThrowsStopsNobodyElse) {
  std::vector<std::uint32_t> values[2] = {{1, 2, 3, 4}, {0, 0, 0, 0}};
  for (const unsigned block : {0U, 2U, 3U}) {
    const auto launches = simt::record([&] {
      simt::launch(nullptr, {.grid = {4}}, throw_in_one_block, block);
      simt::launch(nullptr, {.grid = {4}}, add_neighbour, values[0].data(), values[1].data());
    });
    EXPECT_THROW(simt::run_all(launches), std::runtime_error);
  }
  simt::launch(nullptr, {.grid = {4}}, add_neighbour, values[0].data(), values[1].data());
  EXPECT_EQ(values[1], (std::vector<std::uint32_t>{3, 5, 7, 5})) << "still recording";
}

// ---- hangs --------------------------------------------------------------------------------------

class EmulationReports : public testing::TestWithParam<ThreadOrder> {
  simt::EmulationScope scope_{GetParam()};

 protected:
  /// The emulator is as good as new, also for kernels with barriers.
  void TearDown() override {
    float out[64];
    simt::launch(nullptr, {.grid = {3}, .block = {64}, .shared_bytes = sizeof(Smem)}, neighbour,
                 &out[0], true);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(out[i], static_cast<float>((i + 1) % 64));
  }
};

INSTANTIATE_TEST_SUITE_P(InEveryOrder, EmulationReports, kEveryOrder, order_name);

TEST_P(EmulationReports, AThreadThatReturnsBeforeABarrier) {
  expect_all_in(error_of({.block = {64}}, leave_early, 48U),
                {"barrier divergence", "block (0, 0, 0)", "64 threads", "16 returned",
                 "48 wait at sync_block", "emulation_test.cpp:"});
}

TEST_P(EmulationReports, BarriersOnDifferentLines) {
  expect_all_in(error_of({.block = {8, 8}}, two_barriers),
                {"barrier divergence", "block (0, 0, 0)", "64 threads", "wait at sync_block",
                 "came to sync_block", "emulation_test.cpp:"});
}

TEST_P(EmulationReports, ALaneThatReturnsBeforeAShuffle) {
  float out[64];
  expect_all_in(error_of({.block = {64}}, lane_leaves, &out[0]),
                {"barrier divergence", "2 returned", "62 wait at shuffle_xor"});
}

TEST_P(EmulationReports, ShufflesOnDifferentLines) {
  float out[64];
  expect_all_in(error_of({.block = {64}}, two_shuffles, &out[0]),
                {"barrier divergence", "wait at shuffle_down", "came to shuffle_down"});
}

TEST_P(EmulationReports, WordsThatGiveAwayMoreOrLess) {
  unsigned out[64];
  expect_all_in(error_of({.block = {64}}, two_words, &out[0]),
                {"barrier divergence", "wait at", "came to", "ballot", "shuffle_xor"});
}

TEST_P(EmulationReports, ALaneOutsideOfItsMask) {
  expect_all_in(error_of({.block = {32}}, not_in_mask), {"not in the mask", "sync_warp"});
}

TEST_P(EmulationReports, ADeadlock) {
  expect_all_in(error_of({.block = {64}}, warp_against_block, 0U),
                {"deadlock", "block (0, 0, 0)", "8 wait at sync_warp", "56 wait at sync_block"});
}

TEST_P(EmulationReports, AWaitForAnotherBlockInAnOrdinaryLaunch) {
  std::uint32_t word = 0;
  for (const unsigned block : {1U, 4U}) {
    // Plain blocks of one thread are threads of the OS, which nobody counts.
    if (block == 1 && GetParam() == ThreadOrder::plain) continue;
    expect_all_in(error_of({.grid = {4}, .block = {block}}, wait_for_the_first_block, &word),
                  {"waits for another block", "not cooperative"});
    EXPECT_EQ(error_of({.grid = {4}, .block = {block}, .cooperative = true},
                       wait_for_the_first_block, &word),
              "no error");
    word = 0;
  }
}

TEST_P(EmulationReports, ADeadlockInOneOfManyBlocks) {
  const std::string error =
      error_of({.grid = {4}, .block = {64}, .cooperative = true}, warp_against_block, 2U);
  expect_all_in(error, {"deadlock", "block (2, 0, 0)", "64 threads", "8 wait at sync_warp",
                        "56 wait at sync_block"});
}

TEST_P(EmulationReports, WhatTheKernelThrows) {
  for (const bool cooperative : {false, true}) {
    unsigned alive = 0;
    EXPECT_THROW(simt::launch(nullptr, {.grid = {6}, .block = {64}, .cooperative = cooperative},
                              throw_in, 4U, 33U, &alive),
                 std::out_of_range);
    EXPECT_EQ(alive, 0u);
  }
}

TEST_P(EmulationReports, WhatTheKernelThrowsInABlockOfOne) {
  unsigned alive = 0;
  EXPECT_THROW(simt::launch(nullptr, {.grid = {100}}, throw_in, 40U, 0U, &alive),
               std::out_of_range);
  EXPECT_EQ(alive, 0u);
}

TEST_P(EmulationReports, ABlockTooLarge) {
  expect_all_in(error_of({.block = {1025}}, two_barriers), {"1025 threads", "1024"});
}

TEST_P(EmulationReports, NothingForAnEmptyGrid) {
  EXPECT_EQ(error_of({.grid = {0}}, two_barriers), "no error");
}

// ---- blocks that are threads of the OS ----------------------------------------------------------

#if !defined(__SANITIZE_ADDRESS__)  // which itself would find no memory
TEST(CooperativeBlocks, WithoutAThreadForEachNoneBegins) {
  constexpr unsigned kBlocks = 200;
  const auto begun = [](unsigned* count) { simt::atomic_add(count, 1u); };
  const LaunchConfig config{.grid = {kBlocks}, .cooperative = true};
  unsigned count = 0;
  EXPECT_EQ(error_of(config, +begun, &count), "no error");
  EXPECT_EQ(count, kBlocks);

  std::size_t pages = 0;  // that are mapped now
  std::ifstream("/proc/self/statm") >> pages;
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  rlimit tight = before;
  tight.rlim_cur = (pages + 256) * static_cast<std::size_t>(getpagesize());
  setrlimit(RLIMIT_AS, &tight);
  count = 0;
  const std::string error = error_of(config, +begun, &count);
  setrlimit(RLIMIT_AS, &before);
  expect_all_in(error, {"of 200 threads", "use fewer"});
  EXPECT_EQ(count, 0u);
}
#endif

// ---- launch shapes ------------------------------------------------------------------------------

TEST(LaunchShape, PlainBlocksHaveOneThread) {
  EXPECT_EQ(simt::per_element(0).grid.x, 1U);
  EXPECT_EQ(simt::per_element(4097).grid.x, 2U);
  EXPECT_EQ(simt::per_element(std::size_t{1} << 40).grid.x, 64U);
  EXPECT_EQ(simt::per_element(1 << 20).block.count(), 1U);
  EXPECT_EQ(simt::per_block(77, 128).grid.x, 77U);
  EXPECT_EQ(simt::per_block(77, 128).block.count(), 1U);
}

TEST(LaunchShape, EmulationTakesTheShapeOfTheGpu) {
  const simt::EmulationScope scope(ThreadOrder::forward);
  EXPECT_EQ(simt::per_element(0).grid.x, 1U);
  EXPECT_EQ(simt::per_element(257).grid.x, 2U);
  EXPECT_EQ(simt::per_element(257).block.x, 256U);
  EXPECT_EQ(simt::per_element(std::size_t{1} << 40, 64).grid.x, 148U * 16);
  EXPECT_EQ(simt::per_block(77, 128, 40).block.x, 128U);
  EXPECT_EQ(simt::per_block(77, 128, 40).shared_bytes, 40U);
}

TEST(LaunchShape, ScopesNest) {
  const simt::EmulationScope outer(ThreadOrder::reverse, 3);
  {
    const simt::EmulationScope inner(ThreadOrder::shuffled);
    EXPECT_EQ(simt::emulation().order, ThreadOrder::shuffled);
  }
  EXPECT_EQ(simt::emulation().order, ThreadOrder::reverse);
  EXPECT_EQ(simt::emulation().seed, 3U);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
