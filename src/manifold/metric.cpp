#include <algorithm>
#include <cmath>
#include <cstddef>
#include <hourglass/error.hpp>
#include <hourglass/metric.hpp>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/check.hpp"

namespace hourglass {
namespace {

/// Turns a row into one of length one; false where it has no direction.
bool make_unit(std::span<const float> from, bool centred, std::span<float> to) {
  // One value throughout has a mean that rounding may miss by a little.
  if (centred && std::ranges::adjacent_find(from, std::not_equal_to<>()) == from.end()) {
    return false;
  }
  const auto size = static_cast<double>(from.size());
  const double mean = centred ? std::accumulate(from.begin(), from.end(), 0.0) / size : 0.0;
  double squared = 0.0;
  for (const float value : from) squared += (value - mean) * (value - mean);
  if (!(squared > 0.0)) return false;
  const double scale = 1.0 / std::sqrt(squared);
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i] = static_cast<float>((from[i] - mean) * scale);
  }
  return true;
}

}  // namespace

Samples in_metric(const Samples& x, Metric metric) {
  if (metric == Metric::euclidean) return x;
  const bool centred = metric == Metric::correlation;
  const std::string name = centred ? "correlation" : "cosine";
  const ArrayView<float>& given = x.host();
  require_finite(given, name);
  Array<float> unit({given.rows(), given.row_size()});
  std::vector<std::uint8_t> good(given.rows());
#pragma omp parallel for
  for (std::size_t i = 0; i < given.rows(); ++i) {
    good[i] = make_unit(given.row(i), centred, unit.row(i)) ? 1 : 0;
  }
  const auto bad = std::ranges::find(good, 0);
  if (bad != good.end()) {
    throw Error(name + ": row " + std::to_string(bad - good.begin()) + " has " +
                (centred ? "one value throughout" : "zeros alone") +
                ", and so no direction to compare; leave it out, or take the Euclidean metric");
  }
  return {std::move(unit), x.device()};
}

}  // namespace hourglass
