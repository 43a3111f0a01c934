#include "math/leading_eigen.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// A symmetric matrix whose eigenpairs are known by construction: a diagonal one, mirrored twice.
struct Known {
  std::size_t n;
  std::vector<double> values;   ///< by decreasing value
  std::vector<double> vectors;  ///< a row each
  std::vector<double> matrix;   ///< NaN above the diagonal, where nobody may look
};

std::vector<double> random_unit(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<double> h(n);
  double squared = 0.0;
  for (double& value : h) {
    value = static_cast<double>(random()) * 0x1p-31 - 1.0;
    squared += value * value;
  }
  for (double& value : h) value /= std::sqrt(squared);
  return h;
}

Known known(std::size_t n, const std::function<double(std::size_t)>& value) {
  Known a{.n = n,
          .values = std::vector<double>(n),
          .vectors = std::vector<double>(n * n),
          .matrix = std::vector<double>(n * n, std::nan(""))};
  for (std::size_t i = 0; i < n; ++i) {
    a.values[i] = value(i);
    a.vectors[i * n + i] = 1.0;
  }
  for (const std::uint32_t seed : {7U, 8U}) {
    const std::vector<double> h = random_unit(n, seed);
    for (std::size_t i = 0; i < n; ++i) {
      double* row = a.vectors.data() + i * n;
      double along = 0.0;
      for (std::size_t j = 0; j < n; ++j) along += h[j] * row[j];
      for (std::size_t j = 0; j < n; ++j) row[j] -= 2.0 * along * h[j];
    }
  }
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c <= r; ++c) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += a.values[i] * a.vectors[i * n + r] * a.vectors[i * n + c];
      }
      a.matrix[r * n + c] = sum;
    }
  }
  return a;
}

class LeadingEigen : public OnTarget {
 protected:
  struct Found {
    bool done = false;
    std::vector<double> values;  // by increasing value, as everywhere in math
    std::vector<double> vectors;
  };

  Found find(const Known& a, std::size_t count) {
    const auto matrix = to_device(a.matrix);
    auto values = output<double>(count);
    auto vectors = output<double>(count * a.n);
    const bool done =
        math::leading_eigen(context(), a.n, count, matrix.data(), values.data(), vectors.data());
    return {.done = done, .values = written(values), .vectors = written(vectors)};
  }

  /// `within`: eigenvectors must lie within the span of the exact ones of eigenvalues so near.
  void expect_exact(const Known& a, std::size_t count, double within = 0.0) {
    const Found found = find(a, count);
    ASSERT_TRUE(found.done);
    for (std::size_t k = 0; k < count; ++k) {
      const double value = found.values[count - 1 - k];
      ASSERT_NEAR(value, a.values[k], 1e-10 * a.values[0]) << k;
      const double* v = found.vectors.data() + (count - 1 - k) * a.n;
      for (std::size_t other = 0; other <= k; ++other) {
        const double* w = found.vectors.data() + (count - 1 - other) * a.n;
        double product = 0.0;
        for (std::size_t j = 0; j < a.n; ++j) product += v[j] * w[j];
        ASSERT_NEAR(product, other == k ? 1.0 : 0.0, 1e-12) << k << ", " << other;
      }
      double inside = 0.0;
      for (std::size_t i = 0; i < a.n; ++i) {
        if (std::fabs(a.values[i] - a.values[k]) > within * a.values[0]) continue;
        double along = 0.0;
        for (std::size_t j = 0; j < a.n; ++j) along += v[j] * a.vectors[i * a.n + j];
        inside += along * along;
      }
      ASSERT_NEAR(inside, 1.0, 1e-12) << k;
    }
  }
};

double falling_values(std::size_t i) {
  return std::pow(0.9, static_cast<double>(i));
}

TEST_F(LeadingEigen, FallingEigenvalues) {
  expect_exact(known(400, falling_values), 3);
  expect_exact(known(401, falling_values), 1);
  expect_exact(known(500, falling_values), 12);
}

TEST_F(LeadingEigen, OfAnyScale) {
  for (const double scale : {1e-70, 1e70}) {
    expect_exact(known(390, [=](std::size_t i) { return scale * falling_values(i); }), 3);
  }
}

TEST_F(LeadingEigen, EqualOnes) {
  const auto stairs = [](std::size_t i) { return std::pow(0.5, static_cast<double>(i / 3)); };
  expect_exact(known(400, stairs), 4, 1e-6);
  expect_exact(known(400, [](std::size_t) { return 2.0; }), 3);
}

TEST_F(LeadingEigen, FewerThanABlock) {
  expect_exact(known(400, [](std::size_t i) { return i < 3 ? 3.0 - double(i) : 0.0; }), 3);
  expect_exact(known(400, [](std::size_t i) { return i < 1 ? 1.0 : 0.0; }), 3, 1e-6);
}

TEST_F(LeadingEigen, GivesUpWhereEigenvaluesHardlyFall) {
  const auto flat = [](std::size_t i) { return 1.0 - 1e-3 * static_cast<double>(i); };
  EXPECT_FALSE(find(known(400, flat), 3).done);
}

TEST_F(LeadingEigen, TwiceTheSameBytes) {
  const Known a = known(400, falling_values);
  EXPECT_EQ(find(a, 3).vectors, find(a, 3).vectors);
}

TEST_F(LeadingEigen, PaysForFewOfMany) {
  EXPECT_TRUE(math::leading_eigen_pays(784, 3));
  EXPECT_FALSE(math::leading_eigen_pays(50, 3));
  EXPECT_FALSE(math::leading_eigen_pays(784, 200));
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
