// The device's part of PCA: what touches all of the data.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <vector>

namespace hourglass {

/// The leading principal axes, by decreasing variance (ddof 1).
struct PrincipalAxes {
  double total_variance = 0.0;         ///< of all features; where it is 0 there is nothing else
  std::vector<double> variances = {};  ///< 0 where rounding alone may have made them
  std::vector<double> axes = {};       ///< a unit row for each, orthogonal
};

/// One target's implementation, about the rows it is made for.
class PcaSolver {
 public:
  PcaSolver() = default;
  virtual ~PcaSolver() = default;
  PcaSolver(const PcaSolver&) = delete;
  PcaSolver& operator=(const PcaSolver&) = delete;

  /// Of each feature. Not finite exactly where a value of the feature is not.
  [[nodiscard]] virtual std::vector<double> means() = 0;
  [[nodiscard]] virtual PrincipalAxes principal_axes(const std::vector<double>& mean,
                                                     std::size_t count) = 0;
  /// (x - mean) axes', axes (count, features): (rows, count).
  [[nodiscard]] virtual Array<float> project(const std::vector<double>& mean,
                                             const Array<float>& axes) = 0;
  /// rows axes + mean, the loaded rows being scores: (rows, features).
  [[nodiscard]] virtual Array<float> expand(const std::vector<double>& mean,
                                            const Array<float>& axes) = 0;
};

}  // namespace hourglass
