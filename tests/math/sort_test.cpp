#include "math/sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Keys = std::vector<std::uint64_t>;

class SortKeys : public OnTarget {
 protected:
  void expect_sorted(const Keys& keys) {
    auto device_keys = to_device(keys);
    math::sort_keys(context(), device_keys.span());
    Keys expected = keys;
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(to_host(device_keys), expected);
  }
};

Keys random_keys(std::size_t size, std::uint64_t distinct) {
  std::mt19937_64 random(5);
  Keys keys(size);
  for (std::uint64_t& key : keys) key = random() % distinct;
  return keys;
}

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

TEST_F(SortKeys, FewKeys) {
  expect_sorted({});
  expect_sorted({7});
  expect_sorted({7, 8});
  expect_sorted({8, 7});
  expect_sorted({3, 3});
}

TEST_F(SortKeys, AllBitsCountWithoutSign) {
  expect_sorted({kLargest, 0, kLargest / 2, kLargest / 2 + 1, 1, 0xffffffff, 0x100000000});
}

TEST_F(SortKeys, ManyKeys) {
  expect_sorted(random_keys(100000, kLargest));
}

TEST_F(SortKeys, DuplicatesAllStay) {
  expect_sorted(random_keys(100000, 10));
  expect_sorted(Keys(1000, 42));
}

TEST_F(SortKeys, SortedAndReversedOnes) {
  Keys keys = random_keys(10000, kLargest);
  std::sort(keys.begin(), keys.end());
  expect_sorted(keys);
  std::reverse(keys.begin(), keys.end());
  expect_sorted(keys);
}

TEST_F(SortKeys, OnlyWhatTheSpanHolds) {
  auto keys = to_device(Keys{9, 5, 4, 3, 0});
  math::sort_keys(context(), keys.span().subspan(1, 3));
  EXPECT_EQ(to_host(keys), (Keys{9, 3, 4, 5, 0}));
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
