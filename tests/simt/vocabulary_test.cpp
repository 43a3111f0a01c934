// Every word of simt.hpp against what CUDA says it does, on both targets, in every order of
// threads.
#include "vocabulary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <hourglass/error.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using simt::Dim3;
using simt::LaunchConfig;

class Vocabulary : public KernelTest {
 protected:
  template <class T>
  void expect_exact_sums();
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Vocabulary, every_way(), way_name);

/// Block sizes about the edges of warps.
constexpr unsigned kBlockSizes[] = {1, 2, 5, 31, 32, 33, 63, 64, 65, 100, 256, 257, 1000, 1024};

TEST_P(Vocabulary, ElementsComeOnceEach) {
  for (const std::size_t n : {0U, 1U, 2U, 255U, 257U, 4096U, 4097U, 10007U, 700001U}) {
    auto counts = to_device(std::vector<unsigned>(n + 1));
    run([&] { count_elements(stream(), counts.data(), n); });
    std::vector<unsigned> expected(n, 4);
    expected.push_back(0);
    EXPECT_EQ(to_host(counts), expected) << n;
  }
}

TEST_P(Vocabulary, ThreadsKnowTheirPlace) {
  for (const Dim3 block : {Dim3{1}, Dim3{33}, Dim3{5, 7, 2}, Dim3{16, 16}}) {
    const LaunchConfig config{.grid = {2, 3, 2}, .block = block};
    const auto size = static_cast<unsigned>(block.count());
    device::Buffer<Place> out(config.grid.count() * size);
    run([&] { tell_places(stream(), config, out.data()); });
    const auto places = to_host(out);
    for (unsigned i = 0; i < places.size(); ++i) {
      const unsigned thread = i % size;
      const unsigned warp = thread / 32;
      ASSERT_EQ(places[i].block_thread, thread);
      ASSERT_EQ(places[i].block_thread_count, size);
      ASSERT_EQ(places[i].block_warp_count, (size + 31) / 32);
      ASSERT_EQ(places[i].lane, thread % 32);
      ASSERT_EQ(places[i].warp, warp);
      ASSERT_EQ(places[i].warp_thread_count, std::min(32U, size - warp * 32));
    }
  }
}

TEST_P(Vocabulary, WarpsExchange) {
  for (const unsigned size : kBlockSizes) {
    const LaunchConfig config{.grid = {2}, .block = {size}};
    device::Buffer<Exchanged> out(config.grid.count() * size);
    run([&] { exchange(stream(), config, out.data()); });
    const auto got = to_host(out);
    for (unsigned i = 0; i < got.size(); ++i) {
      const Exchanged& mine = got[i];
      const unsigned thread = i % size;
      const unsigned lane = thread % 32;
      const unsigned lanes = std::min(32U, size - thread / 32 * 32);
      SCOPED_TRACE(std::to_string(thread) + " of " + std::to_string(size));
      ASSERT_EQ(mine.broadcast, 0U);
      ASSERT_EQ(mine.half, lane < 16 ? 0U : 16U);
      // Beyond the warp, and alone, a lane gets its own. One that does not exist has no value: on a
      // GPU that may be anything, the emulation gives a NaN.
      const auto source = [&](unsigned wanted) {
        return (size == 1 && !kOnCuda) || wanted > 31 ? lane : wanted;
      };
      if (const unsigned from = source((lane + 1) % 32); from < lanes) {
        ASSERT_EQ(mine.rotated, from);
      }
      if (const unsigned from = source(lane + 5); from < lanes) {
        ASSERT_EQ(mine.down, static_cast<float>(from) + 0.5F);
      } else if (!kOnCuda) {
        ASSERT_TRUE(std::isnan(mine.down));
      }
      if (const unsigned from = source(lane ^ 1U); from < lanes) {
        ASSERT_EQ(mine.flipped, from + 0.25);
        ASSERT_EQ(mine.wide, std::uint64_t{from} << 40);
        ASSERT_THAT(mine.several, testing::ElementsAre(from, 2 * from, 7U));
      } else if (!kOnCuda) {
        ASSERT_TRUE(std::isnan(mine.flipped));
      }
      ASSERT_EQ(mine.votes, 0x49249249U & (0xFFFFFFFFU >> (32 - lanes)));
      ASSERT_EQ(mine.bits, (lanes + 2) / 3);
      ASSERT_EQ(mine.total, lanes * (lanes + 1) / 2);
      ASSERT_EQ(mine.signed_total, -static_cast<int>(lanes * (lanes - 1) / 2));
      const unsigned first = lane / 4 * 4;
      const bool four = first + 4 <= lanes;
      ASSERT_THAT(mine.of_four,
                  testing::ElementsAre(four ? 4.F * static_cast<float>(first) + 6.F : 0.F,
                                       four ? 4.F : 0.F));
    }
  }
}

TEST_P(Vocabulary, AtomicsLoseNothing) {
  for (const LaunchConfig& config :
       {LaunchConfig{.grid = {7}, .block = {96}}, LaunchConfig{.grid = {3000}, .block = {1}}}) {
    const auto threads = static_cast<unsigned>(config.grid.count() * config.block.count());
    auto tickets = to_device(std::vector<unsigned>(threads));
    auto out = to_device(std::vector<Tally>(1));
    run([&] { tally(stream(), config, out.data(), tickets.data()); });
    const Tally sums = to_host(out)[0];
    EXPECT_EQ(sums.add_u32, threads);
    EXPECT_EQ(sums.add_u64, std::uint64_t{threads} << 32);
    EXPECT_EQ(sums.add_f32, 0.5F * static_cast<float>(threads));
    EXPECT_EQ(sums.add_f64, 0.25 * threads);
    EXPECT_EQ(to_host(tickets), std::vector<unsigned>(threads, 1))
        << "each old value goes to one thread";
  }
}

TEST_P(Vocabulary, ComputesWhatCudaHasAndTheHostLacks) {
  std::vector<float> x = test::random_values(2000, -2.f, 2.f, 1);
  std::vector<float> y = test::random_values(2000, 1.f, 3.f, 2);
  for (std::size_t i = 0; i < 400; ++i) y[i] = std::ldexp(y[i], static_cast<int>(i) / 4 + 20);
  x.insert(x.end(), {0.f, 1.f, -1.f, 0.5f, 1e-30f, 0x1p-126f});
  y.insert(y.end(), {1.f, 1.f, 1.f, 0x1p125f, 1e5f, 1.f});
  const auto device_x = to_device(x);
  const auto device_y = to_device(y);
  device::Buffer<Computed> out(x.size());
  run([&] { compute(stream(), device_x.data(), device_y.data(), x.size(), out.data()); });
  const auto computed = to_host(out);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_NEAR(computed[i].cos_pi, std::cos(M_PI * double{x[i]}), 1e-6) << x[i];
    ASSERT_EQ(computed[i].from_bits, x[i]);
    const double quotient = double{x[i]} / double{y[i]};
    // Two units of the last place; what is below the normal numbers may become 0.
    ASSERT_NEAR(computed[i].quotient, quotient, std::abs(quotient) * 0x1p-22 + 0x1p-126)
        << x[i] << " / " << y[i];
  }
}

TEST_P(Vocabulary, BlocksReverseThroughSharedMemory) {
  for (const unsigned size : {1U, 2U, 33U, 100U, 256U}) {
    const LaunchConfig config{.grid = {5}, .block = {size}};
    std::vector<float> before(config.grid.count() * size);
    std::iota(before.begin(), before.end(), 1.0F);
    auto values = to_device(before);
    run([&] { reverse_in_blocks(stream(), config, values.data(), 20); });
    EXPECT_EQ(to_host(values), before);
    run([&] { reverse_in_blocks(stream(), config, values.data(), 21); });
    const auto reversed = to_host(values);
    for (std::size_t i = 0; i < reversed.size(); ++i) {
      const std::size_t block = i / size;
      ASSERT_EQ(reversed[i], before[block * size + (size - 1 - i % size)]);
    }
  }
}

template <class T>
void Vocabulary::expect_exact_sums() {
  for (const unsigned size : kBlockSizes) {
    const LaunchConfig config{.grid = {3}, .block = {size}};
    std::vector<T> values(config.grid.count() * size);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(i * 7919 % 1009);
    const auto device_values = to_device(values);
    device::Buffer<T> out(values.size());
    run([&] { sum_blocks(stream(), config, device_values.data(), out.data()); });
    const auto sums = to_host(out);
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

TEST_P(Vocabulary, BlockSumsRoundAlikeInEveryOrder) {
  const LaunchConfig config{.grid = {2}, .block = {1000}};
  std::vector<float> values(2000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F / static_cast<float>(i + 1);
  const auto device_values = to_device(values);
  const auto sums = [&](Way way) {
    device::Buffer<float> out(values.size());
    run_as(way, [&] { sum_blocks(stream(), config, device_values.data(), out.data()); });
    return to_host(out);
  };
  EXPECT_EQ(sums(GetParam()), sums(twin()));
}

TEST_P(Vocabulary, LaunchesThatNoDeviceCanTakeAreErrors) {
  device::Buffer<Place> out(1025);
  const auto tell = [&](const LaunchConfig& config) {
    run([&] { tell_places(stream(), config, out.data()); });
  };
  EXPECT_THROW(tell({.block = {1025}}), Error);
  if constexpr (kOnCuda) {
    EXPECT_THROW(tell({.grid = {1, 65536}}), Error);
    EXPECT_THROW(tell({.shared_bytes = std::size_t{1} << 20}), Error);
    EXPECT_THROW(
        pass_round(stream(), {.grid = {1U << 16}, .block = {1024}}, nullptr, nullptr, nullptr, 1),
        Error);
  }
  tell({.block = {1024}});  // none of which anybody remembers
  EXPECT_EQ(to_host(out)[1023].block_thread, 1023U);
}

TEST_P(Vocabulary, AsManyBlocksMeetAsAreResident) {
  const std::size_t resident = resident_blocks(256, sizeof(std::uint32_t));
  ASSERT_GE(resident, 1U);
  const LaunchConfig config{.grid = {static_cast<unsigned>(resident)}, .block = {256}};
  auto values = to_device(std::vector<unsigned>(resident * 256, 7U));
  device::Buffer<unsigned> buffer(resident * 256);
  auto exchange = to_device(std::vector<fused::Exchange>(1));
  run([&] { pass_round(stream(), config, values.data(), buffer.data(), exchange.data(), 2); });
  EXPECT_EQ(to_host(values), std::vector<unsigned>(resident * 256, 7U));
  if constexpr (kOnCuda) {
    const LaunchConfig more{.grid = {config.grid.x + 1}, .block = {256}};
    EXPECT_THROW(pass_round(stream(), more, values.data(), buffer.data(), exchange.data(), 2),
                 Error);
    EXPECT_EQ(resident_blocks(256, std::size_t{1} << 20), 0U) << "with a megabyte shared";
  }
}

// Neither a question nor a launch takes memory away from the next launch.
TEST_P(Vocabulary, AKernelMayHaveWhatItMightBefore) {
  auto values = to_device(std::vector<unsigned>(32, 7U));
  device::Buffer<unsigned> buffer(32);
  auto exchange = to_device(std::vector<fused::Exchange>(1));
  for (const std::size_t kilobytes : {48U, 60U, 40U, 60U, 48U}) {
    const LaunchConfig config{.grid = {1}, .block = {32}, .shared_bytes = kilobytes << 10U};
    ASSERT_GE(resident_blocks(32, config.shared_bytes), 1U);
    ASSERT_GE(resident_blocks(32, 64), 1U);
    EXPECT_NO_THROW(run([&] {
      pass_round(stream(), config, values.data(), buffer.data(), exchange.data(), 1);
    })) << kilobytes
        << " KB";
  }
}

TEST_P(Vocabulary, BlocksMeetByWordsInMemory) {
  for (const LaunchConfig& config :
       {LaunchConfig{.grid = {1}, .block = {1}}, LaunchConfig{.grid = {9}, .block = {1}},
        LaunchConfig{.grid = {5}, .block = {65}}, LaunchConfig{.grid = {64}, .block = {256}}}) {
    const std::size_t threads = config.grid.count() * config.block.count();
    std::vector<unsigned> own(threads);
    std::iota(own.begin(), own.end(), 0U);
    auto values = to_device(own);
    device::Buffer<unsigned> buffer(threads);
    auto exchange = to_device(std::vector<fused::Exchange>(1));
    constexpr int kRounds = 7;
    run([&] {
      pass_round(stream(), config, values.data(), buffer.data(), exchange.data(), kRounds);
    });
    const auto passed = to_host(values);
    for (std::size_t i = 0; i < threads; ++i) {
      ASSERT_EQ(passed[(i + kRounds * config.block.count()) % threads], i);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
