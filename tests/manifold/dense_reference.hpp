// What t-SNE computes, from all pairs and in double precision: short, slow, and to be trusted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <map>
#include <numeric>
#include <span>
#include <vector>

namespace hourglass::test {

struct DoublePoint {
  double x = 0.0;
  double y = 0.0;
};

template <class P>
std::vector<DoublePoint> in_double_points(const std::vector<P>& points) {
  std::vector<DoublePoint> result(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    result[i] = {static_cast<double>(points[i].x), static_cast<double>(points[i].y)};
  }
  return result;
}

inline std::vector<DoublePoint> in_double_points(const Array<float>& map) {
  std::vector<DoublePoint> result(map.rows());
  for (std::size_t i = 0; i < map.rows(); ++i) {
    result[i] = {map.row(i)[0], map.row_size() == 1 ? 0.f : map.row(i)[1]};
  }
  return result;
}

/// (1 + d^2 / dof)^-dof, of d^2. (std::pow takes most of a test's time, and numbers below the
/// smallest of all.)
inline double nearness(double squared, double dof) {
  if (dof == 1.0) return 1.0 / (1.0 + squared);
  const double power = -dof * std::log(1.0 + squared / dof);
  return power < -700.0 ? 0.0 : std::exp(power);
}
inline double nearness(const DoublePoint& a, const DoublePoint& b, double dof = 1.0) {
  const double dx = a.x - b.x;
  const double dy = a.y - b.y;
  return nearness(dx * dx + dy * dy, dof);
}
/// What a pull or a push along their difference has besides: 1 / (1 + d^2 / dof).
inline double closeness(const DoublePoint& a, const DoublePoint& b, double dof = 1.0) {
  const double dx = a.x - b.x;
  const double dy = a.y - b.y;
  return 1.0 / (1.0 + (dx * dx + dy * dy) / dof);
}

inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t f = 0; f < a.size(); ++f) {
    const double difference = double{a[f]} - double{b[f]};
    sum += difference * difference;
  }
  return sum;
}

/// The force on one point: sum over j of (y_i - y_j) / (1 + d_ij^2 / dof)^(dof + 1).
inline DoublePoint dense_force(const std::vector<DoublePoint>& points, std::size_t i,
                               double dof = 1.0) {
  DoublePoint force;
  for (const DoublePoint& other : points) {
    const double near = nearness(points[i], other, dof) * closeness(points[i], other, dof);
    force.x += near * (points[i].x - other.x);
    force.y += near * (points[i].y - other.y);
  }
  return force;
}

/// Z: sum over i and j != i of their nearness.
inline double dense_normalizer(const std::vector<DoublePoint>& points, double dof = 1.0) {
  double sum = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < i; ++j) row += nearness(points[i], points[j], dof);
    sum += row;
  }
  return 2.0 * sum;
}

/// p(.|i) at the given squared distances: by bisection to the last digit.
inline std::vector<double> dense_conditional(const std::vector<double>& squared,
                                             double perplexity) {
  const double nearest = *std::min_element(squared.begin(), squared.end());
  std::vector<double> p(squared.size());
  double low = -800.0;  // of log beta
  double high = 800.0;
  for (int step = 0; step < 200; ++step) {
    const double beta = std::exp(0.5 * (low + high));
    double sum = 0.0;
    for (std::size_t j = 0; j < p.size(); ++j) {
      p[j] = squared[j] == nearest ? 1.0 : std::exp(-beta * (squared[j] - nearest));
      sum += p[j];
    }
    double entropy = 0.0;
    for (double& value : p) {
      value /= sum;
      if (value > 0.0) entropy -= value * std::log(value);
    }
    (entropy > std::log(perplexity) ? low : high) = 0.5 * (low + high);
  }
  return p;
}

/// Row i's k nearest others, by distance and then by index.
inline std::vector<std::uint32_t> dense_neighbors(const Array<float>& x, std::size_t i,
                                                  std::size_t k) {
  std::vector<double> squared(x.rows());
  for (std::size_t j = 0; j < x.rows(); ++j) squared[j] = squared_distance(x.row(i), x.row(j));
  std::vector<std::uint32_t> order(x.rows());
  std::iota(order.begin(), order.end(), 0U);
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(i));
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return squared[a] != squared[b] ? squared[a] < squared[b] : a < b;
  });
  order.resize(k);
  return order;
}

/// The affinities as a map from (row, column): P = (C + C^T) / (2 N).
using DenseAffinities = std::map<std::pair<std::size_t, std::size_t>, double>;

/// `indices` and `squared` are (rows, k).
inline DenseAffinities dense_affinities(const std::vector<std::uint32_t>& indices,
                                        const std::vector<double>& squared, std::size_t rows,
                                        double perplexity) {
  const std::size_t k = indices.size() / rows;
  DenseAffinities p;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto first = squared.begin() + static_cast<std::ptrdiff_t>(i * k);
    const auto row = dense_conditional({first, first + static_cast<std::ptrdiff_t>(k)}, perplexity);
    for (std::size_t n = 0; n < k; ++n) {
      const std::size_t j = indices[i * k + n];
      p[{i, j}] += row[n] / (2.0 * static_cast<double>(rows));
      p[{j, i}] += row[n] / (2.0 * static_cast<double>(rows));
    }
  }
  return p;
}

inline DenseAffinities dense_affinities(const Array<float>& x, std::size_t k, double perplexity) {
  std::vector<std::uint32_t> indices;
  std::vector<double> squared;
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (const std::uint32_t j : dense_neighbors(x, i, k)) {
      indices.push_back(j);
      squared.push_back(squared_distance(x.row(i), x.row(j)));
    }
  }
  return dense_affinities(indices, squared, x.rows(), perplexity);
}

/// The sum over entries of p log(p / q), q = nearness / Z.
inline double dense_divergence(const DenseAffinities& affinities,
                               const std::vector<DoublePoint>& points, double dof = 1.0) {
  const double normalizer = dense_normalizer(points, dof);
  double sum = 0.0;
  for (const auto& [place, p] : affinities) {
    if (!(p > 0.0)) continue;
    sum +=
        p * std::log(p / (nearness(points[place.first], points[place.second], dof) / normalizer));
  }
  return sum;
}

/// All of t-SNE's iterations: exaggeration and momentum 0.5 for 250 of them, then late_exaggeration
/// and 0.8.
inline std::vector<DoublePoint> dense_tsne(const DenseAffinities& affinities,
                                           std::vector<DoublePoint> points, std::size_t iterations,
                                           double learning_rate, double exaggeration = 12.0,
                                           double dof = 1.0, double late_exaggeration = 1.0) {
  std::vector<DoublePoint> velocity(points.size());
  std::vector<DoublePoint> gain(points.size(), {1.0, 1.0});
  for (std::size_t t = 0; t < iterations; ++t) {
    const bool early = t < 250;
    const double normalizer = dense_normalizer(points, dof);
    std::vector<DoublePoint> gradient(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      const DoublePoint force = dense_force(points, i, dof);
      gradient[i] = {-4.0 * force.x / normalizer, -4.0 * force.y / normalizer};
    }
    for (const auto& [place, p] : affinities) {
      const auto& [i, j] = place;
      const double pull = 4.0 * (early ? exaggeration : late_exaggeration) * p *
                          closeness(points[i], points[j], dof);
      gradient[i].x += pull * (points[i].x - points[j].x);
      gradient[i].y += pull * (points[i].y - points[j].y);
    }
    const auto step = [&](double slope, double& speed, double& own) {
      own = std::max(0.01, slope * speed < 0.0 ? own + 0.2 : own * 0.8);
      speed = std::clamp((early ? 0.5 : 0.8) * speed - learning_rate * own * slope, -5.0, 5.0);
      return speed;
    };
    for (std::size_t i = 0; i < points.size(); ++i) {
      points[i].x += step(gradient[i].x, velocity[i].x, gain[i].x);
      points[i].y += step(gradient[i].y, velocity[i].y, gain[i].y);
    }
  }
  DoublePoint mean;
  for (const DoublePoint& point : points) {
    mean.x += point.x / static_cast<double>(points.size());
    mean.y += point.y / static_cast<double>(points.size());
  }
  for (DoublePoint& point : points) point = {point.x - mean.x, point.y - mean.y};
  return points;
}

/// Euclidean distances of all rows from each other, in float.
inline Array<float> distances_of(const Array<float>& x) {
  Array<float> distances({x.rows(), x.rows()});
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto distance = static_cast<float>(std::sqrt(squared_distance(x.row(i), x.row(j))));
      distances.row(i)[j] = distances.row(j)[i] = distance;
    }
  }
  return distances;
}

}  // namespace hourglass::test
