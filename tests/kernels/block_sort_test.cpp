// simt/sort.hpp, and how blocks and warps share elements out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/on_target.hpp"
#include "tests/kernels/block_sort_kernels.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using block_sort::kSortCapacity;
using Values = std::vector<std::uint64_t>;

constexpr unsigned kCounts[] = {0,  1,  2,   3,   4,   5,   7,   8,   9,   31,   32,  33,
                                63, 64, 127, 128, 129, 255, 300, 511, 512, 1023, 1024};
constexpr unsigned kThreads[] = {32, 96, 128};

class BlockSort : public KernelTest {
 protected:
  /// Rows of random values, of few ones, of a descending run, of the largest value there is.
  static Values rows_of(unsigned count) {
    constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
    std::mt19937_64 random(count + 1);
    Values values(kRows * kSortCapacity, kBehind);
    for (unsigned i = 0; i < count; ++i) {
      values[i] = random();
      values[kSortCapacity + i] = random() % 3;
      values[2 * kSortCapacity + i] = count - i;
      values[3 * kSortCapacity + i] = i % 2 == 0 ? kLargest : random();
    }
    return values;
  }
  static Values row(const Values& values, std::size_t r, unsigned count) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(r * kSortCapacity);
    return {first, first + count};
  }

  static constexpr std::size_t kRows = 4;
  static constexpr std::uint64_t kBehind = 77;
};
INSTANTIATE_TEST_SUITE_P(EveryWay, BlockSort, every_way(), way_name);

TEST_P(BlockSort, Sorts) {
  for (const unsigned threads : kThreads) {
    for (const unsigned count : kCounts) {
      SCOPED_TRACE(std::to_string(count) + " values, " + std::to_string(threads) + " threads");
      const Values values = rows_of(count);
      auto sorted = to_device(values);
      run([&] { block_sort::sort_rows(stream(), sorted.data(), kRows, count, threads); });
      const Values got = to_host(sorted);
      for (std::size_t r = 0; r < kRows; ++r) {
        Values expected = row(values, r, count);
        std::sort(expected.begin(), expected.end());
        ASSERT_EQ(row(got, r, count), expected) << "row " << r;
      }
    }
  }
}

TEST_P(BlockSort, KeepsTheSmallestWithTheLargestOfThemLast) {
  for (const unsigned count : kCounts) {
    for (const unsigned keep : {1U, 2U, count / 2, count - 1, count}) {
      if (keep == 0 || keep > count) continue;
      SCOPED_TRACE(std::to_string(keep) + " of " + std::to_string(count));
      const Values values = rows_of(count);
      auto kept = to_device(values);
      run([&] {
        block_sort::keep_smallest_of_rows(stream(), kept.data(), kRows, count, keep, 128);
      });
      const Values got = to_host(kept);
      for (std::size_t r = 0; r < kRows; ++r) {
        Values expected = row(values, r, count);
        std::sort(expected.begin(), expected.end());
        Values front = row(got, r, keep);
        ASSERT_EQ(front.back(), expected[keep - 1]) << "row " << r;
        std::sort(front.begin(), front.end());
        expected.resize(keep);
        ASSERT_EQ(front, expected) << "row " << r;
      }
    }
  }
}

class Shares : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, Shares, every_way(), way_name);

TEST_P(Shares, ABlockTakesEachElementOnce) {
  constexpr std::size_t kBlocks = 3;
  for (const unsigned threads : {1U, 31U, 32U, 100U, 256U}) {
    for (const unsigned n : {1U, 2U, 31U, 99U, 100U, 101U, 255U, 256U, 257U, 1000U}) {
      auto counts = to_device(std::vector<unsigned>(kBlocks * n));
      run([&] { block_sort::count_block_elements(stream(), counts.data(), kBlocks, n, threads); });
      ASSERT_EQ(to_host(counts), std::vector<unsigned>(kBlocks * n, 1)) << n << ", " << threads;
    }
  }
}

TEST_P(Shares, AWarpTakesEachElementOnceWithAllItsLanes) {
  for (const unsigned threads : {32U, 128U, 256U}) {
    // The last is more than one grid's worth of warps, of which 2112 blocks are the most.
    for (const std::size_t n : {1U, 2U, 3U, 7U, 8U, 9U, 63U, 64U, 65U, 1000U, 2200U}) {
      auto counts = to_device(std::vector<unsigned>(n));
      auto lanes = to_device(std::vector<unsigned>(n));
      run([&] {
        block_sort::count_warp_elements(stream(), counts.data(), lanes.data(), n, threads);
      });
      const auto visited = to_host(counts);
      ASSERT_EQ(visited, to_host(lanes)) << n << ", " << threads;
      const unsigned once = GetParam() == Way::plain ? 1 : 32;
      ASSERT_EQ(visited, std::vector<unsigned>(n, once)) << n << ", " << threads;
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
