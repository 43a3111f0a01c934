// The order of neighbours in double precision.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace hourglass {

/// Neighbours asked for beyond those that count: single precision may have put those next to the
/// end of a row's list in the wrong order.
inline constexpr std::size_t kMargin = 4;

/// By distance, then by index.
using Neighbor = std::pair<double, std::uint32_t>;

[[nodiscard]] inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kWidth = 8;  // sums side by side, for the sake of vector units
  std::array<double, kWidth> sums{};
  const std::size_t whole = a.size() / kWidth * kWidth;
  for (std::size_t i = 0; i < whole; i += kWidth) {
    for (std::size_t w = 0; w < kWidth; ++w) {
      const double difference = double{a[i + w]} - double{b[i + w]};
      sums[w] += difference * difference;
    }
  }
  for (std::size_t i = whole; i < a.size(); ++i) {
    const double difference = double{a[i]} - double{b[i]};
    sums[0] += difference * difference;
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// The k nearest of candidates, in order.
[[nodiscard]] inline std::vector<Neighbor> nearest_of(const ArrayView<float>& x, std::size_t row,
                                                      std::span<const std::uint32_t> candidates,
                                                      std::size_t k) {
  std::vector<Neighbor> list;
  list.reserve(candidates.size());
  for (const std::uint32_t other : candidates) {
    list.emplace_back(squared_distance(x.row(row), x.row(other)), other);
  }
  std::ranges::partial_sort(list, list.begin() + static_cast<std::ptrdiff_t>(k));
  list.resize(k);
  return list;
}

}  // namespace hourglass
