// Principal component analysis.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <vector>

namespace hourglass {

struct PcaOptions {
  std::size_t components = 2;
  bool whiten = false;  ///< maps have unit variance along each component
};

/// What a fit finds; the names are scikit-learn's. Components come by decreasing variance, and the
/// largest absolute entry of each is positive.
struct PcaModel {
  std::vector<float> mean;                            ///< (features)
  Array<float> components;                            ///< (components, features), unit rows
  std::vector<double> explained_variance = {};        ///< with ddof 1
  std::vector<double> explained_variance_ratio = {};  ///< over the total variance of all features
  std::vector<double> singular_values = {};           ///< of the centred data
  double noise_variance = 0.0;                        ///< mean variance of what was left out
  bool whiten = false;
};

/// Rows of x are samples; what follows the first dimension is flattened. Eigenpairs of the covariance
/// matrix: single-precision products of centred rows, summed in double, solved in double. Throws Error
/// for fewer than two rows, more components than rows or features, values that are not finite.
[[nodiscard]] PcaModel fit_pca(const Array<float>& x, const PcaOptions& options,
                               const Device& device);

/// (x - mean) components', whitened if the model says so: (rows, components).
[[nodiscard]] Array<float> transform(const PcaModel& model, const Array<float>& x,
                                     const Device& device);

}  // namespace hourglass
