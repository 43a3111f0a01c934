// Data sets and maps to try t-SNE on.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <numbers>
#include <random>
#include <vector>

namespace hourglass::test {

/// Normal values, the same with every standard library.
class Normal {
 public:
  explicit Normal(std::uint32_t seed) : random_(seed) {}
  double uniform() { return (static_cast<double>(random_()) + 0.5) * 0x1p-32; }
  double operator()() {
    return std::sqrt(-2.0 * std::log(uniform())) * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::mt19937 random_;
};

inline Array<float> normal_data(std::size_t rows, std::size_t features, double offset = 0.0,
                                std::uint32_t seed = 1) {
  Normal normal(seed);
  Array<float> x({rows, features});
  for (float& value : x.values) value = static_cast<float>(offset + normal());
  return x;
}

/// `rows` rows in turn from `blobs` normal blobs of unit width, `apart` from each other or more.
inline Array<float> blob_data(std::size_t rows, std::size_t features, std::size_t blobs,
                              double apart, std::uint32_t seed = 1) {
  Array<float> x = normal_data(rows, features, 0.0, seed);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t blob = i % blobs;
    x.row(i)[blob % features] += static_cast<float>(
        apart * static_cast<double>(1 + blob / features) * (blob / features % 2 == 0 ? 1.0 : -1.0));
  }
  return x;
}

struct Place {
  double x;
  double y;
};

/// A normal blob, of which the larger extent is `span`: a map's early phase.
inline std::vector<Place> blob_map(std::size_t count, double span) {
  Normal normal(3);
  std::vector<Place> places(count);
  double low_x = 1e9, high_x = -1e9, low_y = 1e9, high_y = -1e9;
  for (Place& place : places) {
    place = {normal(), 0.3 * normal()};
    low_x = std::min(low_x, place.x);
    high_x = std::max(high_x, place.x);
    low_y = std::min(low_y, place.y);
    high_y = std::max(high_y, place.y);
  }
  const double scale = span / std::max(high_x - low_x, high_y - low_y);
  for (Place& place : places) place = {scale * place.x, scale * place.y};
  return places;
}

/// Ten discs of about 3 points a unit of area, as in a late map, spread over `span` by `span`.
inline std::vector<Place> disc_map(double span, double points_per_disc) {
  constexpr std::size_t kDiscs = 10;
  Normal normal(4);
  const double radius = std::sqrt(points_per_disc / 3.0 / std::numbers::pi);
  std::vector<Place> places;
  for (std::size_t disc = 0; disc < kDiscs; ++disc) {
    // Three to a row, four rows; the first and the last reach the edges.
    const double step = 0.5 * span - radius;
    const double row_step = (span - 2.0 * radius) / 3.0;
    const double middle_x = step * (static_cast<double>(disc % 3) - 1.0);
    const double middle_y = row_step * (static_cast<double>(disc / 3) - 1.5);
    for (int i = 0; i < static_cast<int>(points_per_disc); ++i) {
      const double r = radius * std::sqrt(normal.uniform());
      const double angle = 2.0 * std::numbers::pi * normal.uniform();
      places.push_back({middle_x + r * std::cos(angle), middle_y + r * std::sin(angle)});
    }
  }
  return places;
}

struct Labelled {
  Array<float> x;
  std::vector<std::uint8_t> labels;
};

/// Values that NumPy makes with the same bits: whole numbers below 2^17 over 2^16.
inline Labelled lattice(std::size_t rows, std::size_t columns) {
  Labelled made{Array<float>({rows, columns}), std::vector<std::uint8_t>(rows)};
  for (std::size_t i = 0; i < rows; ++i) {
    made.labels[i] = static_cast<std::uint8_t>((i * i + i / 7) % 5);
    for (std::size_t f = 0; f < columns; ++f) {
      const std::size_t mixed =
          i * 7919 + f * 104729 + i * i * 31 + i * i * f * 97 + i * f * f * 13;
      made.x.row(i)[f] = static_cast<float>(mixed % 65537) / 65536.f;
    }
    made.x.row(i)[0] += 0.25f * static_cast<float>(made.labels[i]);
  }
  return made;
}

}  // namespace hourglass::test
