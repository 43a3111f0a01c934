// t-SNE in three dimensions, from all pairs and in double precision.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <hourglass/array.hpp>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"

namespace hourglass::test {

using Triple = std::array<double, 3>;

inline double squared_distance(const Triple& a, const Triple& b) {
  double sum = 0.0;
  for (std::size_t c = 0; c < 3; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

inline std::vector<Triple> in_triples(const Array<float>& map) {
  std::vector<Triple> result(map.rows());
  for (std::size_t i = 0; i < map.rows(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) result[i][c] = double{map.row(i)[c]};
  }
  return result;
}

/// sum over j of (y_i - y_j) / (1 + d_ij^2 / dof)^(dof + 1).
inline Triple dense_force(const std::vector<Triple>& points, std::size_t i, double dof = 1.0) {
  Triple force{};
  for (const Triple& other : points) {
    const double squared = squared_distance(points[i], other);
    const double near = nearness(squared, dof) / (1.0 + squared / dof);
    for (std::size_t c = 0; c < 3; ++c) force[c] += near * (points[i][c] - other[c]);
  }
  return force;
}

inline double dense_normalizer(const std::vector<Triple>& points, double dof = 1.0) {
  double sum = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      sum += nearness(squared_distance(points[i], points[j]), dof);
    }
  }
  return 2.0 * sum;
}

inline double dense_divergence(const DenseAffinities& affinities, const std::vector<Triple>& points,
                               double dof = 1.0) {
  const double normalizer = dense_normalizer(points, dof);
  double sum = 0.0;
  for (const auto& [place, p] : affinities) {
    if (!(p > 0.0)) continue;
    const double squared = squared_distance(points[place.first], points[place.second]);
    sum += p * (std::log(p * normalizer) + dof * std::log1p(squared / dof));
  }
  return sum;
}

/// A normal blob of unit, 0.6 and 0.3 widths, of which the largest extent is `span`.
inline Array<float> space_blob(std::size_t count, double span, std::uint32_t seed = 5) {
  Normal normal(seed);
  Array<float> map({count, 3});
  double low[3] = {}, high[3] = {};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const double value = (c == 0 ? 1.0 : c == 1 ? 0.6 : 0.3) * normal();
      map.row(i)[c] = static_cast<float>(value);
      low[c] = std::min(low[c], value);
      high[c] = std::max(high[c], value);
    }
  }
  const double scale = span / std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]});
  for (float& value : map.values) value = static_cast<float>(scale * double{value});
  return map;
}

/// Twelve balls with a point in four units of volume, spread over a cube: as in a late map.
inline Array<float> ball_map(double span, std::size_t points_per_ball, std::uint32_t seed = 6) {
  constexpr std::size_t kBalls = 12;
  Normal normal(seed);
  const double radius = std::cbrt(4.0 * static_cast<double>(points_per_ball) * 0.75 / 3.14159);
  Array<float> map({kBalls * points_per_ball, 3});
  for (std::size_t i = 0; i < map.rows(); ++i) {
    const std::size_t ball = i % kBalls;
    Triple at{normal(), normal(), normal()};
    const double length = std::sqrt(squared_distance(at, {}));
    const double r = radius * std::cbrt(normal.uniform());
    const double side = span - 2.0 * radius;
    const Triple middle{side * (static_cast<double>(ball % 2) - 0.5),
                        side * (static_cast<double>(ball / 2 % 2) - 0.5),
                        side * (static_cast<double>(ball / 4) - 1.0) / 2.0};
    for (std::size_t c = 0; c < 3; ++c) {
      map.row(i)[c] = static_cast<float>(middle[c] + r * at[c] / length);
    }
  }
  return map;
}

}  // namespace hourglass::test
