#include "math/sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <hourglass/device.hpp>
#include <limits>
#include <numeric>
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

// ---- places by key -----------------------------------------------------------------------------

using Words = std::vector<std::uint32_t>;

class SortPlaces : public OnTarget {
 protected:
  void expect_sorted(const Words& keys, std::size_t distinct) {
    const auto device_keys = to_device(keys);
    auto begins = to_device(Words(distinct + 1, 99));
    auto places = to_device(Words(keys.size(), 99));
    math::sort_places(context(), device_keys.span(), begins.span(), places.span());
    Words expected_begins(distinct + 1);
    for (const std::uint32_t key : keys) ++expected_begins[key + 1];
    std::partial_sum(expected_begins.begin(), expected_begins.end(), expected_begins.begin());
    Words expected(keys.size());
    std::iota(expected.begin(), expected.end(), 0U);
    std::ranges::stable_sort(expected, {}, [&](std::uint32_t place) { return keys[place]; });
    EXPECT_EQ(to_host(begins), expected_begins);
    EXPECT_EQ(to_host(places), expected);
    EXPECT_EQ(to_host(device_keys), keys) << "keys are only read";
  }
};

Words random_words(std::size_t size, std::uint32_t distinct) {
  std::mt19937 random(7);
  Words words(size);
  for (std::uint32_t& word : words) word = static_cast<std::uint32_t>(random()) % distinct;
  return words;
}

TEST_F(SortPlaces, FewKeys) {
  expect_sorted({}, 0);
  expect_sorted({}, 3);
  expect_sorted({0}, 1);
  expect_sorted({2}, 5);
  expect_sorted({1, 0, 1, 1, 0}, 2);
  expect_sorted({4, 2, 4, 0, 2}, 7);
}

TEST_F(SortPlaces, ManyKeys) {
  expect_sorted(random_words(100000, 1), 1);
  expect_sorted(random_words(100000, 10), 10);
  expect_sorted(random_words(100000, 2047), 2047);
  expect_sorted(random_words(100000, 2049), 2049);
  expect_sorted(random_words(200000, 30000), 30000);
  expect_sorted(random_words(200000, 30000), 50000);
}

TEST_F(SortPlaces, MostKeysAlikeOrAbsent) {
  Words keys = random_words(100000, 70000);
  for (std::size_t i = 0; i < keys.size(); i += 2) keys[i] = 34567;
  expect_sorted(keys, 70000);
  expect_sorted(random_words(20, 1000000), 1000000);
}

TEST_F(SortPlaces, ByAnyNumberOfThreads) {
  const Words keys = random_words(100000, 5000);
  for (const int threads : {1, 2, 3, 7}) {
    set_cpu_threads(threads);
    expect_sorted(keys, 5000);
  }
  set_cpu_threads(0);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
