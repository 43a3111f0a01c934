// The device's part of PCA: what touches all of the data.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <vector>

namespace hourglass {

/// Mean of the rows, and the leading eigenpairs of their covariance (ddof 1).
struct CovarianceEigen {
  std::vector<float> mean;
  double total_variance = 0.0;       ///< the covariance's trace
  std::vector<double> eigenvalues;   ///< the largest, increasing
  std::vector<double> eigenvectors;  ///< a unit row for each
};

/// One target's implementation.
class PcaSolver {
 public:
  PcaSolver() = default;
  virtual ~PcaSolver() = default;
  PcaSolver(const PcaSolver&) = delete;
  PcaSolver& operator=(const PcaSolver&) = delete;

  [[nodiscard]] virtual CovarianceEigen covariance_eigen(const Array<float>& x,
                                                         std::size_t count) = 0;
  /// (x - mean) axes', axes (count, features): (rows, count).
  [[nodiscard]] virtual Array<float> project(const Array<float>& x, const std::vector<float>& mean,
                                             const Array<float>& axes) = 0;
};

}  // namespace hourglass
