// An oracle for PCA: the singular values and right singular vectors of centred data, in double
// precision from beginning to end, by one-sided Jacobi rotations. Accurate also for singular values
// far below the largest, which a Gram matrix loses.
//
// J. Demmel and K. Veselic, "Jacobi's method is more accurate than QR", SIAM J. Matrix Anal. Appl.
// 13, 1992.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <hourglass/array.hpp>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace hourglass::test {

using Vectors = std::vector<std::vector<double>>;

inline double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Rows of x less their mean.
inline Vectors centred_rows(const Array<float>& x) {
  const auto n = static_cast<double>(x.rows());
  std::vector<double> mean(x.row_size());
  for (std::size_t i = 0; i < x.size(); ++i) mean[i % mean.size()] += double{x.values[i]} / n;
  Vectors rows(x.rows(), std::vector<double>(mean.size()));
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t c = 0; c < mean.size(); ++c) rows[i][c] = double{x.row(i)[c]} - mean[c];
  }
  return rows;
}

inline Vectors transposed(const Vectors& a) {
  Vectors t(a.front().size(), std::vector<double>(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < t.size(); ++j) t[j][i] = a[i][j];
  }
  return t;
}

struct ExactSvd {
  std::vector<double> values;  ///< decreasing; as many as there are rows or features, the fewer
  Vectors axes;                ///< for each a unit vector over the features, or zeros
};

inline ExactSvd exact_svd(const Array<float>& x) {
  // Rotations make the vectors of the shorter side orthogonal: features, each rotated with its row
  // of the identity, which becomes the axes; or rows, which become the axes themselves.
  const bool tall = x.rows() >= x.row_size();
  Vectors sides = centred_rows(x);
  if (tall) sides = transposed(sides);
  const std::size_t n = sides.size();
  Vectors turned(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) turned[i][i] = 1.0;

  const auto rotate = [](std::vector<double>& a, std::vector<double>& b, double c, double s) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double before = a[i];
      a[i] = c * before - s * b[i];
      b[i] = s * before + c * b[i];
    }
  };
  bool done = false;
  for (int sweep = 0; sweep < 60 && !done; ++sweep) {
    done = true;
    for (std::size_t p = 0; p + 1 < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        const double pp = dot(sides[p], sides[p]);
        const double qq = dot(sides[q], sides[q]);
        const double pq = dot(sides[p], sides[q]);
        if (std::fabs(pq) <= 1e-15 * std::sqrt(pp * qq)) continue;
        done = false;
        const double zeta = (qq - pp) / (2.0 * pq);
        const double t = std::copysign(1.0, zeta) / (std::fabs(zeta) + std::hypot(1.0, zeta));
        const double c = 1.0 / std::hypot(1.0, t);
        rotate(sides[p], sides[q], c, c * t);
        rotate(turned[p], turned[q], c, c * t);
      }
    }
  }

  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < n; ++i) order.emplace_back(-std::sqrt(dot(sides[i], sides[i])), i);
  std::sort(order.begin(), order.end());
  ExactSvd result;
  for (const auto& [negative, i] : order) {
    result.values.push_back(-negative);
    result.axes.push_back(tall ? turned[i] : sides[i]);
    if (tall || negative == 0.0) continue;
    for (double& value : result.axes.back()) value /= -negative;
  }
  return result;
}

}  // namespace hourglass::test
