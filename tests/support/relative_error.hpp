// How far values are from what they should be, as a share of that.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <span>

namespace hourglass::test {

/// ||values - expected|| / ||expected||.
template <class T>
double relative_error(std::span<const T> values, std::span<const T> expected) {
  EXPECT_EQ(values.size(), expected.size());
  double error = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += std::pow(double{values[i]} - double{expected[i]}, 2);
    norm += std::pow(double{expected[i]}, 2);
  }
  return std::sqrt(error / norm);
}

}  // namespace hourglass::test
