// Principal component analysis.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <optional>
#include <vector>

namespace hourglass {

struct PcaOptions {
  std::size_t components = 2;
  /// In place of a count: the fewest components whose variances reach this fraction of the total.
  std::optional<double> variance_fraction = {};
  bool whiten = false;  ///< scores have unit variance along each component
  StopRequest stop = {};
};

/// What a fit finds; the names are scikit-learn's. Components come by decreasing variance, and the
/// largest absolute entry of each is positive. Beyond the rank of the data (which is below the
/// number of rows) components are still unit and orthogonal, and their variance is 0.
struct PcaModel {
  std::vector<double> mean;                           ///< (features)
  Array<float> components;                            ///< (components, features), unit rows
  std::vector<double> explained_variance = {};        ///< with ddof 1
  std::vector<double> explained_variance_ratio = {};  ///< over the total variance of all features
  std::vector<double> singular_values = {};           ///< of the centred data
  double noise_variance = 0.0;                        ///< mean variance of what was left out
  bool whiten = false;
};

/// Rows of x are samples; what follows the first dimension is flattened. Memory beyond x: O(n^2)
/// and a tile of x, n the smaller of rows and features.
///
/// Eigenpairs of the n x n Gram matrix of the centred data, solved in double. Its products are
/// taken in double too, unless there are very many of them and single precision is seen to be
/// enough: few components, well apart, none far smaller than the first. Against an exact SVD,
/// variances are within 1e-5 of themselves down to 1e-10 of the largest (data of condition 1e5),
/// and below that within some (n + 50) 3e-16 of the largest; those that rounding could have made
/// are given as 0.
///
/// Throws Error for fewer than two rows, rows without values, more components than rows or
/// features, values that are not finite (with row and column), and rows that are all the same: no
/// variance has no ratios. UsageError for a fraction of variance that is not between 0 and 1.
[[nodiscard]] PcaModel fit_pca(const Samples& x, const PcaOptions& options);

/// (x - mean) components', whitened if the model says so: (rows, components). A component without
/// variance is left as it is. Throws Error for rows of another size than the model was fitted to,
/// and for values that are not finite or too large for the scores to be.
[[nodiscard]] Array<float> transform(const PcaModel& model, const Samples& x,
                                     const StopRequest& stop = {});

struct PcaMap {
  PcaModel model;
  Array<float> scores;  ///< (rows, components)
};

/// Both of the above. Throws what they throw.
[[nodiscard]] PcaMap fit_transform_pca(const Samples& x, const PcaOptions& options);

/// The points that have these scores: scores components + mean, whitening undone: (rows, features).
/// Throws Error for rows of another size than the model has components, and for scores that are not
/// finite.
[[nodiscard]] Array<float> inverse_transform(const PcaModel& model, const Samples& scores,
                                             const StopRequest& stop = {});

}  // namespace hourglass
