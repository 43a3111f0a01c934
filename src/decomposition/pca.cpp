#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/pca.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "data/check.hpp"
#include "decomposition/pca_solver.hpp"
#include "device/range.hpp"
#include "target/table.hpp"

namespace hourglass {

namespace {

// ---- what cannot be done -----------------------------------------------------------------------

void check(const Samples& x, const PcaOptions& options) {
  const std::size_t rows = x.rows();
  const std::size_t features = x.row_size();
  require_rows(rows, features, "PCA");
  if (options.variance_fraction) {
    if (*options.variance_fraction > 0.0 && *options.variance_fraction < 1.0) return;
    throw UsageError("PCA: the fraction of variance to explain is " +
                     std::to_string(*options.variance_fraction) +
                     ", expected more than 0 and less than 1");
  }
  if (options.components == 0 || options.components > std::min(rows, features)) {
    throw Error("PCA cannot find " + std::to_string(options.components) + " components in " +
                std::to_string(rows) + " rows of " + std::to_string(features) + " features; 1 to " +
                std::to_string(std::min(rows, features)) + " are possible");
  }
}

std::unique_ptr<PcaSolver> make_solver(const Samples& x, const StopRequest& stop) {
  return target_of(x.device()).make_pca_solver(x, stop);
}

// ---- the steps of a fit ------------------------------------------------------------------------

/// How many components it takes to reach this fraction of the total.
std::size_t count_to_reach(double fraction, const PrincipalAxes& found) {
  double sum = 0.0;
  std::size_t count = 0;
  // The last ones may be missing to the total by rounding.
  while (count < found.variances.size() && found.variances[count] > 0.0 &&
         sum < fraction * found.total_variance) {
    sum += found.variances[count++];
  }
  return count;
}

/// Rounded to single precision, with the sign that makes the entry of largest magnitude positive.
void orient(const double* axis, std::span<float> component) {
  std::transform(axis, axis + component.size(), component.begin(),
                 [](double value) { return static_cast<float>(value); });
  const float largest = *std::max_element(component.begin(), component.end(), [](float a, float b) {
    return std::fabs(a) < std::fabs(b);
  });
  if (largest >= 0.f) return;
  for (float& value : component) value = -value;
}

PcaModel fit(PcaSolver& solver, const Samples& x, const PcaOptions& options) {
  const Range range("PCA fit");
  const std::size_t features = x.row_size();
  const std::size_t rank = std::min(x.rows(), features);
  PcaModel model{.mean = solver.means(), .components = {}, .whiten = options.whiten};
  if (!all_finite(model.mean)) require_finite(x.host(), "PCA");
  const PrincipalAxes found =
      solver.principal_axes(model.mean, options.variance_fraction ? rank : options.components);
  if (!(found.total_variance > 0.0)) {
    throw Error("PCA: all " + std::to_string(x.rows()) +
                " rows are the same; there is no variance to explain");
  }
  const std::size_t count = options.variance_fraction
                                ? count_to_reach(*options.variance_fraction, found)
                                : options.components;
  model.components = Array<float>({count, features});
  double kept = 0.0;
  for (std::size_t k = 0; k < count; ++k) {
    const double variance = found.variances[k];
    orient(found.axes.data() + k * features, model.components.row(k));
    model.explained_variance.push_back(variance);
    model.explained_variance_ratio.push_back(variance / found.total_variance);
    model.singular_values.push_back(std::sqrt(variance * static_cast<double>(x.rows() - 1)));
    kept += variance;
  }
  if (rank > count) {
    model.noise_variance =
        std::max(found.total_variance - kept, 0.0) / static_cast<double>(rank - count);
  }
  return model;
}

// ---- the ways between data and scores ----------------------------------------------------------

/// The components, each times what `scale` makes of its standard deviation if the model whitens.
Array<float> scaled_components(const PcaModel& model, double (*scale)(double deviation)) {
  Array<float> axes = model.components;
  if (!model.whiten) return axes;
  for (std::size_t k = 0; k < axes.rows(); ++k) {
    const double deviation = std::sqrt(model.explained_variance[k]);
    if (deviation == 0.0) continue;  // no spread to bring to one
    const double factor = scale(deviation);
    for (float& value : axes.row(k)) value = static_cast<float>(factor * double{value});
  }
  return axes;
}

/// The scores of the rows that the solver has loaded.
Array<float> project(PcaSolver& solver, const PcaModel& model, const Samples& x) {
  const Range range("PCA transform");
  Array<float> scores = solver.project(
      model.mean, scaled_components(model, [](double deviation) { return 1.0 / deviation; }));
  if (!all_finite(scores.values)) {
    require_finite(x.host(), "PCA");
    require_finite(scores, "PCA: the data is too large for single precision: scores");
  }
  return scores;
}

}  // namespace

PcaModel fit_pca(const Samples& x, const PcaOptions& options) {
  check(x, options);
  return fit(*make_solver(x, options.stop), x, options);
}

PcaMap fit_transform_pca(const Samples& x, const PcaOptions& options) {
  check(x, options);
  const auto solver = make_solver(x, options.stop);
  PcaModel model = fit(*solver, x, options);
  Array<float> scores = project(*solver, model, x);
  return {.model = std::move(model), .scores = std::move(scores)};
}

Array<float> transform(const PcaModel& model, const Samples& x, const StopRequest& stop) {
  if (x.row_size() != model.mean.size()) {
    throw Error("PCA was fitted to " + std::to_string(model.mean.size()) +
                " features, but the rows have " + std::to_string(x.row_size()));
  }
  const auto solver = make_solver(x, stop);
  return project(*solver, model, x);
}

Array<float> inverse_transform(const PcaModel& model, const Samples& scores,
                               const StopRequest& stop) {
  const Range range("PCA inverse transform");
  if (scores.row_size() != model.components.rows()) {
    throw Error("PCA was fitted with " + std::to_string(model.components.rows()) +
                " components, but the rows of scores have " + std::to_string(scores.row_size()));
  }
  if (scores.rows() > 0) require_finite(scores, "PCA: scores");
  const auto solver = make_solver(scores, stop);
  return solver->expand(model.mean,
                        scaled_components(model, [](double deviation) { return deviation; }));
}

}  // namespace hourglass
