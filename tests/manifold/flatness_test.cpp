// When a map is as good as done, on curves whose ends are known.
#include "manifold/flatness.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>

namespace hourglass {
namespace {

constexpr std::size_t kEarly = 250;
constexpr std::size_t kIterations = 2000;
constexpr double kTolerance = 0.005;

/// Where a run with this divergence, by iterations after the early ones, would stop.
std::size_t stop_of(const std::function<double(double)>& divergence,
                    std::size_t iterations = kIterations) {
  Flatness flatness(kEarly, iterations, kTolerance);
  std::size_t iteration = 0;
  while (iteration + flatness.until_look(iteration) < iterations) {
    iteration += flatness.until_look(iteration);
    if (!flatness.looks_at(iteration)) continue;
    if (flatness.reached(iteration, divergence(static_cast<double>(iteration - kEarly)))) break;
  }
  return iteration;
}

TEST(FlatnessTest, LooksEveryFiftyIterationsAfterTheEarlyOnes) {
  const Flatness flatness(kEarly, kIterations, kTolerance);
  for (const std::size_t iteration : {0U, 50U, 249U, 250U, 251U, 299U, 301U}) {
    EXPECT_FALSE(flatness.looks_at(iteration)) << iteration;
  }
  for (const std::size_t iteration : {300U, 350U, 1950U}) EXPECT_TRUE(flatness.looks_at(iteration));
  EXPECT_EQ(flatness.until_look(0), 250U);
  EXPECT_EQ(flatness.until_look(250), 50U);
  EXPECT_EQ(flatness.until_look(299), 1U);
  EXPECT_EQ(flatness.until_look(300), 50U);
}

// On the law itself it stops at the first look from which less than the tolerance is left.
TEST(FlatnessTest, StopsWhereWhatIsLeftIsLessThanItsTolerance) {
  for (const double b : {1.0, 10.0, 25.0, 80.0}) {
    const auto law = [b](double t) { return 1.7 + b / t; };
    const std::size_t stop = stop_of(law);
    const auto left = [&](std::size_t iteration) {
      return law(static_cast<double>(iteration - kEarly)) - law(kIterations - kEarly);
    };
    EXPECT_LT(left(stop), kTolerance) << b;
    if (stop > kEarly + Flatness::kFirstVerdict) {
      EXPECT_GE(left(stop - Flatness::kLookEvery), kTolerance) << b;
    }
  }
}

TEST(FlatnessTest, MoreIterationsDemandAFlatterMap) {
  const auto law = [](double t) { return 1.7 + 15.0 / t; };
  EXPECT_LT(stop_of(law, 1000), stop_of(law, 2000));
  EXPECT_LT(stop_of(law, 2000), stop_of(law, 3000));
}

TEST(FlatnessTest, AConstantIsFlatAtOnce) {
  EXPECT_EQ(stop_of([](double) { return 1.7; }), kEarly + Flatness::kFirstVerdict);
}

// An exaggerated map's true divergence may rise: as far from flat as a fall.
TEST(FlatnessTest, ARiseIsNotFlat) {
  const auto fall = [](double t) { return 1.7 + 15.0 / t; };
  const auto rise = [](double t) { return 1.7 - 15.0 / t; };
  EXPECT_EQ(stop_of(rise), stop_of(fall));
  EXPECT_GT(stop_of(rise), 1000U);
}

}  // namespace
}  // namespace hourglass
