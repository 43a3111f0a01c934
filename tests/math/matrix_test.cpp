#include "math/matrix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using math::Transpose;

// -------------------------------------------------------------------------------------- product

class MatrixProduct : public KernelTest {
 protected:
  struct Case {
    Transpose transpose_a;
    Transpose transpose_b;
    std::size_t m;
    std::size_t n;
    std::size_t k;
    float alpha;
    float beta;
  };

  void check(const Case& p) {
    const auto a = test::random_values(p.m * p.k, -1.f, 1.f, 1);
    const auto b = test::random_values(p.k * p.n, -1.f, 1.f, 2);
    // Where beta is 0, C need not hold numbers.
    const auto c = p.beta == 0.f
                       ? std::vector<float>(p.m * p.n, std::numeric_limits<float>::quiet_NaN())
                       : test::random_values(p.m * p.n, -1.f, 1.f, 3);
    const auto device_a = to_device(a);
    const auto device_b = to_device(b);
    const auto multiply = [&](const std::function<void(const std::function<void()>&)>& how) {
      auto device_c = output(c.size());
      device::copy_to_device<float>(stream(), c, device_c.span().first(c.size()));
      how([&] {
        math::matrix_product(context(), p.transpose_a, p.transpose_b, p.m, p.n, p.k, p.alpha,
                             device_a.data(), device_b.data(), p.beta, device_c.data());
      });
      return written(device_c);
    };
    const auto first =
        multiply([](const auto& work) { work(); });  // a library's first call allocates
    const auto product = multiply([&](const auto& work) { run(work); });
    ASSERT_EQ(product, first);

    for (std::size_t i = 0; i < p.m; ++i) {
      for (std::size_t j = 0; j < p.n; ++j) {
        double sum = 0;
        double size = 0;
        for (std::size_t l = 0; l < p.k; ++l) {
          const double x = p.transpose_a == Transpose::yes ? a[l * p.m + i] : a[i * p.k + l];
          const double y = p.transpose_b == Transpose::yes ? b[j * p.k + l] : b[l * p.n + j];
          sum += x * y;
          size += std::abs(x * y);
        }
        double expected = p.alpha * sum;
        size *= std::abs(p.alpha);
        if (p.beta != 0.f) {
          expected += double{p.beta} * c[i * p.n + j];
          size += std::abs(double{p.beta} * c[i * p.n + j]);
        }
        // What k additions in single precision can lose in any order (TF32 loses more).
        const double bound = static_cast<double>(p.k + 3) * 0x1p-24 * size;
        ASSERT_NEAR(product[i * p.n + j], expected, bound)
            << "(" << i << ", " << j << ") of " << p.m << " x " << p.n << ", k " << p.k
            << (p.transpose_a == Transpose::yes ? ", A transposed" : "")
            << (p.transpose_b == Transpose::yes ? ", B transposed" : "");
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(LibraryWays, MatrixProduct, library_ways(), way_name);

TEST_P(MatrixProduct, IsThatOfDoublePrecision) {
  struct Size {
    std::size_t m, n, k;
  };
  constexpr Size kSizes[] = {{1, 1, 1},   {3, 5, 7},    {1, 40, 3},   {40, 1, 3},
                             {2, 3, 300}, {64, 33, 17}, {65, 129, 70}};
  for (const Size& size : kSizes) {
    for (const Transpose a : {Transpose::no, Transpose::yes}) {
      for (const Transpose b : {Transpose::no, Transpose::yes}) {
        check({a, b, size.m, size.n, size.k, 1.f, 0.f});
        check({a, b, size.m, size.n, size.k, -0.5f, 0.f});
        check({a, b, size.m, size.n, size.k, 1.f, 1.f});
        check({a, b, size.m, size.n, size.k, 2.f, -0.75f});
      }
    }
  }
}

// ----------------------------------------------------------------------------------- eigenpairs

class SymmetricEigen : public OnTarget {
 protected:
  using Matrix = std::vector<double>;  // n x n, row-major

  struct Pairs {
    std::vector<double> values;
    Matrix vectors;  // one a row
  };

  Pairs solve(const Matrix& a, std::size_t n, std::size_t count) {
    auto device_a = to_device(a);
    auto values = output<double>(count);
    math::symmetric_eigen(context(), n, count, device_a.data(), values.data());
    Pairs pairs{written(values), to_host(device_a)};
    pairs.vectors.resize(count * n);
    return pairs;
  }

  /// Solves, and checks that the pairs are eigenpairs, orthonormal and in order; for all counts,
  /// that they are the largest of all.
  std::vector<double> check(const Matrix& a, std::size_t n, std::vector<std::size_t> counts) {
    double norm = 0;
    double trace = 0;
    for (std::size_t i = 0; i < n; ++i) {
      trace += a[i * n + i];
      for (std::size_t j = 0; j < n; ++j) norm += a[i * n + j] * a[i * n + j];
    }
    norm = std::sqrt(norm);
    // A solver that scales leaves what is 0 to it of a matrix of zeros.
    const double tolerance = std::max(1e-14 * static_cast<double>(n) * norm, 1e-30);

    counts.push_back(n);
    const Pairs all = solve(a, n, n);
    double sum = 0;
    double sum_of_squares = 0;
    for (const double value : all.values) {
      sum += value;
      sum_of_squares += value * value;
    }
    EXPECT_NEAR(sum, trace, 10 * tolerance);
    EXPECT_NEAR(std::sqrt(sum_of_squares), norm, 10 * tolerance);

    for (const std::size_t count : counts) {
      const Pairs pairs = count == n ? all : solve(a, n, count);
      for (std::size_t p = 0; p < count; ++p) {
        const double* v = pairs.vectors.data() + p * n;
        if (p > 0) {
          EXPECT_LE(pairs.values[p - 1], pairs.values[p]);
        }
        EXPECT_NEAR(pairs.values[p], all.values[n - count + p], tolerance);
        for (std::size_t i = 0; i < n; ++i) {
          double product = 0;
          for (std::size_t j = 0; j < n; ++j) product += a[i * n + j] * v[j];
          EXPECT_NEAR(product, pairs.values[p] * v[i], tolerance);
        }
        for (std::size_t q = 0; q <= p; ++q) {
          double dot = 0;
          for (std::size_t i = 0; i < n; ++i) dot += v[i] * pairs.vectors[q * n + i];
          EXPECT_NEAR(dot, p == q ? 1.0 : 0.0, 1e-14 * static_cast<double>(n));
        }
        if (HasFailure()) {
          ADD_FAILURE() << "n " << n << ", count " << count << ", pair " << p;
          return all.values;
        }
      }
    }
    return all.values;
  }
};

std::vector<double> random_symmetric(std::size_t n) {
  const auto random = test::random_values(n * n, -1.f, 1.f, static_cast<std::uint32_t>(n));
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      a[i * n + j] =
          static_cast<double>(random[i * n + j]) + static_cast<double>(random[j * n + i]);
    }
  }
  return a;
}

TEST_F(SymmetricEigen, RandomMatrices) {
  check(random_symmetric(1), 1, {});
  check(random_symmetric(2), 2, {1});
  for (const std::size_t n : {5U, 64U, 200U}) check(random_symmetric(n), n, {1, 2, n - 1});
}

TEST_F(SymmetricEigen, Diagonal) {
  const std::vector<double> diagonal = {3, -7, 0, 1e3, 1e-3, -2};
  std::vector<double> a(36);
  for (std::size_t i = 0; i < 6; ++i) a[i * 6 + i] = diagonal[i];
  const auto values = check(a, 6, {1, 2, 4});
  const std::vector<double> sorted = {-7, -2, 0, 1e-3, 3, 1e3};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(values[i], sorted[i], 1e-11);
}

TEST_F(SymmetricEigen, RepeatedEigenvalues) {
  const std::size_t n = 30;
  std::vector<double> identity(n * n);
  std::vector<double> one_apart(n * n, 1.0);  // n + 2 once, and 2
  for (std::size_t i = 0; i < n; ++i) {
    identity[i * n + i] = 1;
    one_apart[i * n + i] += 2;
  }
  for (const double value : check(identity, n, {1, 2, 7})) EXPECT_NEAR(value, 1, 1e-13);
  const auto values = check(one_apart, n, {1, 2, 7});
  EXPECT_NEAR(values[n - 1], 32, 1e-12);
  EXPECT_NEAR(values[n - 2], 2, 1e-12);
  check(std::vector<double>(n * n), n, {1, 2});
}

TEST_F(SymmetricEigen, RankDeficientLikeACovariance) {
  // The Gram matrix of 10 rows in 40 dimensions: 30 eigenvalues are 0.
  const std::size_t n = 40;
  const auto rows = test::random_values(10 * n, -1.f, 1.f);
  std::vector<double> gram(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t r = 0; r < 10; ++r) {
        gram[i * n + j] +=
            static_cast<double>(rows[r * n + i]) * static_cast<double>(rows[r * n + j]);
      }
    }
  }
  const auto values = check(gram, n, {2, 10, 20});
  EXPECT_NEAR(values[29], 0, 1e-12);
  EXPECT_GT(values[30], 0.1);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
