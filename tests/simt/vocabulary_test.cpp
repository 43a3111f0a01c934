// Every word of simt.hpp against what CUDA says it does, in every order of threads.
#include "vocabulary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "every_order.hpp"
#include "kernels/simt/emulation.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using simt::Dim3;
using simt::LaunchConfig;
using simt::ThreadOrder;

class Vocabulary : public testing::TestWithParam<ThreadOrder> {
  simt::EmulationScope scope_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(InEveryOrder, Vocabulary, kEveryOrder, order_name);

/// Block sizes about the edges of warps.
constexpr unsigned kBlockSizes[] = {1, 2, 5, 31, 32, 33, 63, 64, 65, 100, 256, 257, 1000, 1024};

TEST_P(Vocabulary, ElementsComeOnceEach) {
  for (const std::size_t n : {0U, 1U, 2U, 255U, 257U, 4096U, 4097U, 10007U, 700001U}) {
    std::vector<unsigned> counts(n + 1);
    count_elements(nullptr, counts.data(), n);
    EXPECT_EQ(counts.back(), 0U);
    counts.pop_back();
    EXPECT_EQ(counts, std::vector<unsigned>(n, 4)) << n;
  }
}

TEST_P(Vocabulary, ThreadsKnowTheirPlace) {
  for (const Dim3 block : {Dim3{1}, Dim3{33}, Dim3{5, 7, 2}, Dim3{16, 16}}) {
    const LaunchConfig config{.grid = {2, 3, 2}, .block = block};
    const auto size = static_cast<unsigned>(block.count());
    std::vector<Place> places(config.grid.count() * size);
    tell_places(nullptr, config, places.data());
    for (unsigned i = 0; i < places.size(); ++i) {
      const unsigned thread = i % size;
      const unsigned warp = thread / 32;
      ASSERT_EQ(places[i].block_thread, thread);
      ASSERT_EQ(places[i].block_thread_count, size);
      ASSERT_EQ(places[i].lane, thread % 32);
      ASSERT_EQ(places[i].warp, warp);
      ASSERT_EQ(places[i].warp_thread_count, std::min(32U, size - warp * 32));
    }
  }
}

TEST_P(Vocabulary, WarpsExchange) {
  for (const unsigned size : kBlockSizes) {
    const LaunchConfig config{.grid = {2}, .block = {size}};
    std::vector<Exchanged> got(config.grid.count() * size);
    exchange(nullptr, config, got.data());
    for (unsigned i = 0; i < got.size(); ++i) {
      const Exchanged& mine = got[i];
      const unsigned thread = i % size;
      const unsigned lane = thread % 32;
      const unsigned lanes = std::min(32U, size - thread / 32 * 32);
      const unsigned there = lanes == 32 ? ~0U : (1U << lanes) - 1;
      SCOPED_TRACE(std::to_string(thread) + " of " + std::to_string(size));
      ASSERT_EQ(mine.broadcast, 0U);
      ASSERT_EQ(mine.up, lane < 3 ? -static_cast<int>(lane) : 3 - static_cast<int>(lane));
      ASSERT_EQ(mine.odd_lanes, 0xAAAAAAAA & there);
      ASSERT_EQ(mine.half, 0x22222222 & there & (lane < 16 ? 0x0000FFFF : 0xFFFF0000));
      ASSERT_EQ(mine.any_7, lanes > 7);
      ASSERT_FALSE(mine.any_99);
      ASSERT_TRUE(mine.all_small);
      ASSERT_EQ(mine.all_even, lanes == 1);
      // A lane that does not exist has no value; but beyond the warp, and alone, a lane gets its own.
      const auto source = [&](unsigned wanted) { return size == 1 || wanted > 31 ? lane : wanted; };
      if (const unsigned from = source((lane + 1) % 32); from < lanes) {
        ASSERT_EQ(mine.rotated, from);
      }
      if (const unsigned from = source(lane + 5); from < lanes) {
        ASSERT_EQ(mine.down, static_cast<float>(from) + 0.5F);
      } else {
        ASSERT_TRUE(std::isnan(mine.down));
      }
      if (const unsigned from = source(lane ^ 1U); from < lanes) {
        ASSERT_EQ(mine.flipped, from + 0.25);
        ASSERT_EQ(mine.wide, std::uint64_t{from} << 40);
      } else {
        ASSERT_TRUE(std::isnan(mine.flipped));
      }
    }
  }
}

TEST_P(Vocabulary, AtomicsLoseNothing) {
  for (const LaunchConfig& config :
       {LaunchConfig{.grid = {7}, .block = {96}}, LaunchConfig{.grid = {3000}, .block = {1}}}) {
    const auto threads = static_cast<unsigned>(config.grid.count() * config.block.count());
    const int last = static_cast<int>(threads) - 1;
    std::vector<unsigned> tickets(threads);
    Tally out{};
    out.min_u32 = 1000;
    out.min_u64 = 1000;
    tally(nullptr, config, &out, tickets.data());
    EXPECT_EQ(out.add_i32, -static_cast<int>(threads));
    EXPECT_EQ(out.min_i32, -last);
    EXPECT_EQ(out.max_i32, last);
    EXPECT_EQ(out.add_u32, threads);
    EXPECT_EQ(out.min_u32, 5U);
    EXPECT_EQ(out.max_u32, threads - 1);
    EXPECT_EQ(out.add_u64, std::uint64_t{threads} << 32);
    EXPECT_EQ(out.min_u64, 5U);
    EXPECT_EQ(out.max_u64, std::uint64_t{threads - 1} << 32);
    EXPECT_EQ(out.add_f32, 0.5F * static_cast<float>(threads));
    EXPECT_EQ(out.add_f64, 0.25 * threads);
    EXPECT_LT(out.exchange_u32, threads);
    EXPECT_LT(out.exchange_u64, threads);
    EXPECT_LE(out.exchange_i32, last);
    for (const std::uint64_t winner :
         {static_cast<std::uint64_t>(out.cas_i32), std::uint64_t{out.cas_u32}, out.cas_u64}) {
      EXPECT_GE(winner, 1U);
      EXPECT_LE(winner, threads);
    }
    EXPECT_EQ(tickets, std::vector<unsigned>(threads, 1)) << "each old value goes to one thread";
  }
}

TEST_P(Vocabulary, BlocksReverseThroughSharedMemory) {
  for (const unsigned size : {1U, 2U, 33U, 100U, 256U}) {
    const LaunchConfig config{.grid = {5}, .block = {size}};
    std::vector<float> values(config.grid.count() * size);
    std::iota(values.begin(), values.end(), 1.0F);
    const std::vector<float> before = values;
    reverse_in_blocks(nullptr, config, values.data(), 20);
    EXPECT_EQ(values, before);
    reverse_in_blocks(nullptr, config, values.data(), 21);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t block = i / size;
      ASSERT_EQ(values[i], before[block * size + (size - 1 - i % size)]);
    }
  }
}

template <class T>
void expect_exact_sums() {
  for (const unsigned size : kBlockSizes) {
    const LaunchConfig config{.grid = {3}, .block = {size}};
    std::vector<T> values(config.grid.count() * size);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(i * 7919 % 1009);
    std::vector<T> sums(values.size());
    sum_blocks(nullptr, config, values.data(), sums.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto* block = values.data() + i / size * size;
      ASSERT_EQ(sums[i], std::accumulate(block, block + size, T{})) << i << " of " << size;
    }
  }
}

TEST_P(Vocabulary, BlockSumsAreExactOnWholeNumbers) {
  expect_exact_sums<float>();
  expect_exact_sums<double>();
  expect_exact_sums<std::uint64_t>();
}

TEST(VocabularyOrders, BlockSumsRoundAlikeInEveryOrder) {
  const LaunchConfig config{.grid = {2}, .block = {1000}};
  std::vector<float> values(2000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F / static_cast<float>(i + 1);
  std::vector<std::vector<float>> results;
  for (const auto order : {ThreadOrder::forward, ThreadOrder::reverse, ThreadOrder::shuffled}) {
    const simt::EmulationScope scope(order);
    results.emplace_back(values.size());
    sum_blocks(nullptr, config, values.data(), results.back().data());
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST_P(Vocabulary, BlocksMeetAtTheGridBarrier) {
  for (const LaunchConfig& config :
       {LaunchConfig{.grid = {1}, .block = {1}}, LaunchConfig{.grid = {9}, .block = {1}},
        LaunchConfig{.grid = {5}, .block = {65}}, LaunchConfig{.grid = {64}, .block = {256}}}) {
    const std::size_t threads = config.grid.count() * config.block.count();
    std::vector<unsigned> values(threads);
    std::vector<unsigned> buffer(threads);
    std::iota(values.begin(), values.end(), 0U);
    constexpr int kRounds = 7;
    pass_round(nullptr, config, values.data(), buffer.data(), kRounds);
    for (std::size_t i = 0; i < threads; ++i) {
      ASSERT_EQ(values[(i + kRounds * config.block.count()) % threads], i);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
