#include "kernels/affinities/perplexity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Row = std::vector<double>;

class Perplexity : public KernelTest {
 protected:
  std::vector<Row> probabilities(const std::vector<float>& squared, std::size_t k,
                                 double perplexity) {
    const std::size_t rows = squared.size() / k;
    const auto distances = to_device(squared);
    auto device_p = output(rows * k);
    run([&] {
      kernels::conditional_probabilities(stream(), distances.data(), rows, k, perplexity,
                                         device_p.data());
    });
    const auto p = written(device_p);
    std::vector<Row> result(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto first = p.begin() + static_cast<std::ptrdiff_t>(i * k);
      result[i].assign(first, first + static_cast<std::ptrdiff_t>(k));
    }
    return result;
  }
  Row probabilities_of(const std::vector<float>& squared, double perplexity) {
    return probabilities(squared, squared.size(), perplexity)[0];
  }

  static double entropy(const Row& p) {
    double sum = 0.0;
    for (const double value : p) sum -= value > 0.0 ? value * std::log(value) : 0.0;
    return sum;
  }
  static double sum(const Row& p) {
    double total = 0.0;
    for (const double value : p) total += value;
    return total;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Perplexity, every_way(), way_name);

/// Rows of increasing distances of many magnitudes, row i's smallest being `offset` times its mean.
std::vector<float> increasing(std::size_t rows, std::size_t k, double offset) {
  test::Normal normal(static_cast<std::uint32_t>(k));
  std::vector<float> squared;
  for (std::size_t i = 0; i < rows; ++i) {
    const double scale = std::pow(10.0, static_cast<double>(i % 13) - 6.0);
    std::vector<float> row(k);
    for (float& value : row) {
      const double root = normal();
      value = static_cast<float>(scale * (root * root + offset));
    }
    std::sort(row.begin(), row.end());
    squared.insert(squared.end(), row.begin(), row.end());
  }
  return squared;
}

TEST_P(Perplexity, EntropyIsItsLogarithm) {
  for (const std::size_t k : {2U, 3U, 32U, 33U, 90U, 200U}) {
    for (const double share : {0.34, 0.6, 0.9}) {
      for (const double offset : {0.0, 20.0}) {
        const double perplexity = std::max(1.05, share * static_cast<double>(k));
        SCOPED_TRACE(std::to_string(k) + " neighbours, perplexity " + std::to_string(perplexity));
        const auto squared = increasing(13, k, offset);
        const auto p = probabilities(squared, k, perplexity);
        for (std::size_t i = 0; i < p.size(); ++i) {
          ASSERT_NEAR(entropy(p[i]), std::log(perplexity), 1e-4) << "row " << i;
          ASSERT_NEAR(sum(p[i]), 1.0, 1e-5) << "row " << i;
          const auto first = squared.begin() + static_cast<std::ptrdiff_t>(i * k);
          const auto expected =
              test::dense_conditional({first, first + static_cast<std::ptrdiff_t>(k)}, perplexity);
          for (std::size_t j = 0; j < k; ++j) {
            ASSERT_NEAR(p[i][j], expected[j], 2e-4 * (expected[j] + 0.01)) << i << ", " << j;
          }
        }
      }
    }
  }
}

TEST_P(Perplexity, MoreRowsThanWarps) {
  const auto squared = increasing(400, 5, 0.0);
  for (const Row& p : probabilities(squared, 5, 2.0)) {
    ASSERT_NEAR(entropy(p), std::log(2.0), 1e-4);
  }
}

TEST_P(Perplexity, EqualDistancesHaveEqualProbabilities) {
  for (const float distance : {0.f, 1e-30f, 1.f, 1e30f}) {
    for (const double perplexity : {1.0, 3.0, 10.0}) {
      for (const double p : probabilities_of(std::vector<float>(10, distance), perplexity)) {
        ASSERT_NEAR(p, 0.1, 1e-6);
      }
    }
  }
}

TEST_P(Perplexity, OneNeighbourHasItAll) {
  for (const float distance : {0.f, 3.f, 1e30f}) {
    EXPECT_EQ(probabilities_of({distance}, 1.0), Row{1.0});
  }
}

TEST_P(Perplexity, FewerDuplicatesThanWanted) {
  auto squared = increasing(1, 90, 1.0);
  std::fill_n(squared.begin(), 20, 0.f);
  const Row p = probabilities_of(squared, 30.0);
  EXPECT_NEAR(entropy(p), std::log(30.0), 1e-4);
  for (std::size_t j = 1; j < 20; ++j) EXPECT_EQ(p[j], p[0]);
}

TEST_P(Perplexity, MoreDuplicatesThanWantedShareAll) {
  auto squared = increasing(1, 90, 1.0);
  std::fill_n(squared.begin(), 40, 0.f);
  const Row p = probabilities_of(squared, 30.0);
  for (std::size_t j = 0; j < 90; ++j) EXPECT_NEAR(p[j], j < 40 ? 1.0 / 40.0 : 0.0, 1e-6) << j;
}

TEST_P(Perplexity, AllButOneAtTheSameDistance) {
  // Either one is nearer, and the others are alike, or one is farther.
  std::vector<float> squared(90, 4.f);
  squared[0] = 1.f;
  EXPECT_NEAR(entropy(probabilities_of(squared, 30.0)), std::log(30.0), 1e-4);
  squared[0] = 4.f;
  squared[89] = 5.f;
  const Row p = probabilities_of(squared, 30.0);  // at least 89 are seen, however narrow the look
  EXPECT_NEAR(p[0], 1.0 / 89.0, 1e-6);
  EXPECT_NEAR(p[89], 0.0, 1e-6);
}

TEST_P(Perplexity, OfAllNeighboursIsEven) {
  const auto squared = increasing(13, 10, 0.0);
  for (const Row& p : probabilities(squared, 10, 10.0)) {
    EXPECT_NEAR(entropy(p), std::log(10.0), 1e-4);
  }
}

TEST_P(Perplexity, OfOneIsTheNearest) {
  const auto squared = increasing(13, 10, 0.1);
  for (const Row& p : probabilities(squared, 10, 1.0)) {
    EXPECT_NEAR(entropy(p), 0.0, 1e-4);
    EXPECT_NEAR(p[0], 1.0, 1e-4);
  }
}

TEST_P(Perplexity, Outliers) {
  // All others a million times as far as they are from each other; one far away.
  std::vector<float> squared(90);
  for (std::size_t j = 0; j < 90; ++j) squared[j] = 1e12f + 1e6f * static_cast<float>(j);
  EXPECT_NEAR(entropy(probabilities_of(squared, 30.0)), std::log(30.0), 1e-4);
  squared = increasing(1, 90, 1.0);
  squared[89] = 1e12f * squared[0];
  const Row p = probabilities_of(squared, 30.0);
  EXPECT_NEAR(entropy(p), std::log(30.0), 1e-4);
  EXPECT_EQ(p[89], 0.0);
}

TEST_P(Perplexity, AnyScale) {
  for (const double scale : {1e-42, 1e-37, 1e-30, 1e-20, 1e20, 1e30}) {
    SCOPED_TRACE(scale);
    std::vector<float> squared(30);
    for (std::size_t j = 0; j < 30; ++j) {
      squared[j] = static_cast<float>(scale * static_cast<double>(1000 + 100 * j));
    }
    const Row p = probabilities_of(squared, 10.0);
    EXPECT_NEAR(entropy(p), std::log(10.0), 1e-4);
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
