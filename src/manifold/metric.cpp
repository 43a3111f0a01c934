#include <algorithm>
#include <cmath>
#include <cstddef>
#include <hourglass/error.hpp>
#include <hourglass/metric.hpp>
#include <string>

#include "data/check.hpp"
#include "data/device_rows.hpp"
#include "device/range.hpp"

namespace hourglass {
namespace {

/// Unit rows of finite ones are finite, but for those without a direction.
std::size_t row_without_direction(const ArrayView<float>& unit) {
  const auto bad = std::ranges::find_if(unit.values, [](float value) { return std::isnan(value); });
  return static_cast<std::size_t>(bad - unit.values.begin()) / unit.row_size();
}

}  // namespace

Samples in_metric(const Samples& x, Metric metric) {
  // What is empty is refused by whoever takes it.
  if (metric == Metric::euclidean || x.rows() == 0 || x.row_size() == 0) return x;
  const Range range("metric");
  const bool centred = metric == Metric::correlation;
  Samples unit(x.on_device().unit(x.rows(), centred), {x.rows(), x.row_size()}, x.device());
  if (unit.on_device().facts(unit.rows()).finite) return unit;
  const std::string name = centred ? "correlation" : "cosine";
  require_finite(x, name);
  throw Error(name + ": row " + std::to_string(row_without_direction(unit.host())) + " has " +
              (centred ? "one value throughout" : "zeros alone") +
              ", and so no direction to compare; leave it out, or take the Euclidean metric");
}

}  // namespace hourglass
