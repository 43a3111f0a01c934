// The kernels and the linear algebra that only PCA uses.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <random>
#include <type_traits>
#include <vector>

#include "kernels/columns/centre.hpp"
#include "kernels/columns/copy.hpp"
#include "kernels/gram/accumulate.hpp"
#include "kernels/gram/diagonal.hpp"
#include "math/matrix.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using math::Transpose;

template <class Real>
std::vector<Real> random_values(std::size_t size, Real offset = 0) {
  std::mt19937 random(static_cast<std::uint32_t>(size));
  std::vector<Real> values(size);
  for (Real& value : values) {
    value = offset + static_cast<Real>(random() >> 8U) * static_cast<Real>(0x1p-23) - Real{1};
  }
  return values;
}

class PcaKernels : public KernelTest {
 protected:
  template <class Real>
  void check_centre(std::size_t rows, std::size_t columns, std::size_t stride) {
    const auto x = random_values<float>(rows * stride, 1e4f);
    const auto means = random_values<double>(columns, 1e4);
    const auto device_x = to_device(x);
    const auto device_means = to_device(means);
    auto y = output<Real>(rows * columns);
    run([&] {
      kernels::centre<Real>(stream(), device_x.data(), stride, rows, columns, device_means.data(),
                            y.data());
    });
    const auto result = written(y);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const auto exact = static_cast<double>(x[i / columns * stride + i % columns]);
      ASSERT_EQ(result[i], static_cast<Real>(exact - means[i % columns]));
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, PcaKernels, every_way(), way_name);

constexpr std::size_t kRows[] = {1, 3, 70};
constexpr std::size_t kColumns[] = {1, 255, 256, 257};

TEST_P(PcaKernels, CentresInDouble) {
  for (const std::size_t rows : kRows) {
    for (const std::size_t columns : kColumns) {
      for (const std::size_t stride : {columns, columns + 9}) {
        check_centre<float>(rows, columns, stride);
        check_centre<double>(rows, columns, stride);
      }
    }
  }
}

TEST_P(PcaKernels, AddsMeansInDouble) {
  for (const std::size_t rows : kRows) {
    for (const std::size_t columns : kColumns) {
      const auto x = random_values<float>(rows * columns);
      const auto means = random_values<double>(columns, 1e4);
      const auto device_means = to_device(means);
      auto y = output(x.size());
      device::copy_to_device<float>(stream(), x, y.span().first(x.size()));
      run([&] { kernels::add_means(stream(), y.data(), rows, columns, device_means.data()); });
      const auto result = written(y);
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(result[i], static_cast<float>(static_cast<double>(x[i]) + means[i % columns]));
      }
    }
  }
}

TEST_P(PcaKernels, CopiesColumnsAndNothingElse) {
  for (const std::size_t rows : kRows) {
    for (const std::size_t columns : kColumns) {
      const std::size_t stride = columns + 3;
      const auto x = random_values<double>(rows * columns);
      const auto device_x = to_device(x);
      auto y = output<double>(rows * stride);
      run([&] {
        kernels::copy_columns(stream(), device_x.data(), rows, columns, y.data(), stride);
      });
      const auto result = written(y);
      for (std::size_t i = 0; i < result.size(); ++i) {
        const std::size_t c = i % stride;
        ASSERT_EQ(result[i], c < columns ? x[i / stride * columns + c] : double{kPoison});
      }
    }
  }
}

TEST_P(PcaKernels, TakesTheDiagonal) {
  for (const std::size_t n : {1U, 2U, 257U}) {
    const auto a = random_values<double>(n * n);
    const auto device_a = to_device(a);
    auto values = output<double>(n);
    run([&] { kernels::diagonal(stream(), device_a.data(), n, values.data()); });
    const auto result = written(values);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(result[i], a[i * (n + 1)]);
  }
}

TEST_P(PcaKernels, AccumulateAddsInDouble) {
  for (const std::size_t size : {1U, 255U, 256U, 257U, 4097U}) {
    const auto part = random_values<float>(size);
    std::vector<double> sum(size + kTail, double{kPoison});
    for (std::size_t i = 0; i < size; ++i) sum[i] = 1e6 + 0.1 * static_cast<double>(i);
    const auto device_part = to_device(part);
    auto device_sum = to_device(sum);
    run([&] { kernels::accumulate(stream(), device_part.span(), device_sum.span().first(size)); });
    for (std::size_t i = 0; i < size; ++i) sum[i] += static_cast<double>(part[i]);
    ASSERT_EQ(to_host(device_sum), sum);
  }
}

class PcaAlgebra : public OnTarget {
 protected:
  template <class Real>
  void check_gram(std::size_t n, std::size_t k, Transpose transpose, Real beta) {
    const auto a = random_values<Real>(n * k);
    auto c = output<Real>(n * n);
    const auto before = to_host(c);
    math::gram_product(context(), transpose, n, k, to_device(a).data(), beta, c.data());
    const auto result = written(c);
    const auto at = [&](std::size_t i, std::size_t l) {
      return static_cast<double>(transpose == Transpose::yes ? a[l * n + i] : a[i * k + l]);
    };
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (j > i) {
          ASSERT_EQ(result[i * n + j], before[i * n + j]) << "above the diagonal";
          continue;
        }
        double expected = static_cast<double>(beta) * static_cast<double>(before[i * n + j]);
        double size = std::fabs(expected);
        for (std::size_t l = 0; l < k; ++l) {
          expected += at(i, l) * at(j, l);
          size += std::fabs(at(i, l) * at(j, l));
        }
        const double epsilon = std::is_same_v<Real, float> ? 0x1p-23 : 0x1p-52;
        ASSERT_NEAR(result[i * n + j], expected, epsilon * (1.0 + std::sqrt(double(k))) * size)
            << i << ", " << j;
      }
    }
  }

  void check_orthonormal(std::size_t rows, std::size_t columns, std::vector<double> a) {
    auto device_a = to_device(a);
    math::orthonormalize_rows(context(), rows, columns, device_a.data());
    const auto q = to_host(device_a);
    const auto product = [&](const std::vector<double>& x, std::size_t i,
                             const std::vector<double>& y, std::size_t j) {
      double sum = 0.0;
      for (std::size_t c = 0; c < columns; ++c) sum += x[i * columns + c] * y[j * columns + c];
      return sum;
    };
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        ASSERT_NEAR(product(q, i, q, j), i == j ? 1.0 : 0.0, 1e-13) << i << ", " << j;
      }
      // Each row lies in the span of those up to it.
      double inside = 0.0;
      for (std::size_t j = 0; j <= i; ++j) inside += std::pow(product(a, i, q, j), 2);
      const double squared = product(a, i, a, i);
      ASSERT_NEAR(inside, squared, 1e-12 * squared) << i;
    }
  }
};

TEST_F(PcaAlgebra, GramProducts) {
  for (const std::size_t n : {1U, 2U, 31U, 100U}) {
    for (const std::size_t k : {1U, 7U, 300U}) {
      for (const Transpose transpose : {Transpose::no, Transpose::yes}) {
        check_gram<float>(n, k, transpose, 0.f);
        check_gram<float>(n, k, transpose, 1.f);
        check_gram<double>(n, k, transpose, 0.0);
        check_gram<double>(n, k, transpose, 1.0);
      }
    }
  }
}

TEST_F(PcaAlgebra, OrthonormalRows) {
  check_orthonormal(1, 1, {-3.0});
  check_orthonormal(1, 1, {0.0});
  check_orthonormal(2, 2, std::vector<double>(4));
  for (const std::size_t rows : {1U, 5U, 40U, 100U}) {
    for (const std::size_t columns : {100U, 333U}) {
      auto a = random_values<double>(rows * columns);
      check_orthonormal(rows, columns, a);
      for (std::size_t i = rows / 2 * columns; i < a.size(); ++i) a[i] = 0.0;
      check_orthonormal(rows, columns, a);
      for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] *=
            std::pow(10.0, -10.0 * static_cast<double>(i / columns) / static_cast<double>(rows));
      }
      check_orthonormal(rows, columns, a);
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
