// Which level of the CPU target is picked.
#include "target/cpu_level.hpp"

#include <gtest/gtest.h>

#include <hourglass/error.hpp>
#include <string>
#include <vector>

namespace hourglass {
namespace {

/// Four levels, of which a processor runs the first so many.
std::vector<CpuLevel> levels(int run) {
  std::vector<CpuLevel> all;
  for (const char* name : {"one", "two", "three", "four"}) {
    all.push_back({.name = name, .target = nullptr, .runs = run-- > 0});
  }
  return all;
}

std::string picked(const std::vector<CpuLevel>& among, const char* asked) {
  return pick_level(among, asked).name;
}

template <class Failure>
std::string refused(const std::vector<CpuLevel>& among, const char* asked) {
  try {
    return "picked " + picked(among, asked);
  } catch (const Failure& error) {
    return error.what();
  }
}

TEST(CpuLevelTest, TheBestThatRuns) {
  EXPECT_EQ(picked(levels(4), nullptr), "four");
  EXPECT_EQ(picked(levels(3), nullptr), "three");
  EXPECT_EQ(picked(levels(1), ""), "one");
}

TEST(CpuLevelTest, ALowerOneThatIsAskedFor) {
  EXPECT_EQ(picked(levels(4), "two"), "two");
  EXPECT_EQ(picked(levels(2), "two"), "two");
}

TEST(CpuLevelTest, OneThatDoesNotRun) {
  EXPECT_EQ(refused<DeviceError>(levels(2), "four"),
            "HOURGLASS_CPU_LEVEL is 'four', but this processor runs no more than two");
}

TEST(CpuLevelTest, OneThatIsNotThere) {
  EXPECT_EQ(refused<UsageError>(levels(2), "Two"),
            "HOURGLASS_CPU_LEVEL is 'Two'; expected one of those that this build has: one, two, "
            "three, four");
}

TEST(CpuLevelTest, NoneRuns) {
  const std::string words =
      "this processor runs none of the levels that this build has: one, two, three, four "
      "(CMake's HOURGLASS_CPU_LEVELS)";
  EXPECT_EQ(refused<DeviceError>(levels(0), nullptr), words);
  EXPECT_EQ(refused<DeviceError>(levels(0), "one"), words);
}

}  // namespace
}  // namespace hourglass
