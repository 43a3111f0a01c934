#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/pca.hpp>
#include <memory>
#include <string>

#include "decomposition/pca_solver.hpp"
#include "device/range.hpp"

namespace hourglass {

#if HOURGLASS_HAS_CPU
namespace cpu {
std::unique_ptr<PcaSolver> make_pca_solver(int device_index);
}
#endif
#if HOURGLASS_HAS_CUDA
namespace cuda {
std::unique_ptr<PcaSolver> make_pca_solver(int device_index);
}
#endif

namespace {

std::unique_ptr<PcaSolver> make_solver(const Device& device) {
#if HOURGLASS_HAS_CPU
  if (device.kind == DeviceKind::cpu) return cpu::make_pca_solver(device.index);
#endif
#if HOURGLASS_HAS_CUDA
  if (device.kind == DeviceKind::cuda) return cuda::make_pca_solver(device.index);
#endif
  throw Error("this build cannot run PCA on device '" + device.name + "'");
}

void check(const Array<float>& x, const PcaOptions& options) {
  const std::size_t rows = x.rows();
  const std::size_t features = x.row_size();
  if (rows < 2) {
    throw Error("PCA needs at least 2 rows, and there " +
                std::string(rows == 1 ? "is 1" : "are none"));
  }
  if (options.components == 0 || options.components > std::min(rows, features)) {
    throw Error("PCA cannot find " + std::to_string(options.components) + " components in " +
                std::to_string(rows) + " rows of " + std::to_string(features) + " features; 1 to " +
                std::to_string(std::min(rows, features)) + " are possible");
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x.values[i])) {
      throw Error("PCA: row " + std::to_string(i / features) + ", column " +
                  std::to_string(i % features) + " is not finite");
    }
  }
}

/// The sign rule: the entry that is largest in absolute value is positive.
double orientation(const double* axis, std::size_t size) {
  const auto* largest = std::max_element(
      axis, axis + size, [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  return *largest < 0.0 ? -1.0 : 1.0;
}

}  // namespace

PcaModel fit_pca(const Array<float>& x, const PcaOptions& options, const Device& device) {
  const Range range("PCA fit");
  check(x, options);
  const std::size_t features = x.row_size();
  const std::size_t count = options.components;
  CovarianceEigen found = make_solver(device)->covariance_eigen(x, count);

  PcaModel model{.mean = std::move(found.mean),
                 .components = Array<float>({count, features}),
                 .whiten = options.whiten};
  double kept = 0.0;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t from = count - 1 - k;  // decreasing
    const double variance = found.eigenvalues[from];
    const double* axis = found.eigenvectors.data() + from * features;
    const double sign = orientation(axis, features);
    std::transform(axis, axis + features, model.components.row(k).begin(),
                   [sign](double value) { return static_cast<float>(sign * value); });
    model.explained_variance.push_back(variance);
    model.explained_variance_ratio.push_back(
        found.total_variance > 0.0 ? variance / found.total_variance : 0.0);
    model.singular_values.push_back(std::sqrt(variance * static_cast<double>(x.rows() - 1)));
    kept += variance;
  }
  const std::size_t rank = std::min(x.rows(), features);
  if (rank > count) {
    model.noise_variance =
        std::max(found.total_variance - kept, 0.0) / static_cast<double>(rank - count);
  }
  return model;
}

Array<float> transform(const PcaModel& model, const Array<float>& x, const Device& device) {
  const Range range("PCA transform");
  if (x.row_size() != model.mean.size()) {
    throw Error("PCA was fitted to " + std::to_string(model.mean.size()) +
                " features, but the rows have " + std::to_string(x.row_size()));
  }
  Array<float> axes = model.components;
  if (model.whiten) {
    for (std::size_t k = 0; k < axes.rows(); ++k) {
      const double deviation = std::sqrt(model.explained_variance[k]);
      if (deviation == 0.0) continue;  // no spread to bring to one
      for (float& value : axes.row(k)) value = static_cast<float>(value / deviation);
    }
  }
  return make_solver(device)->project(x, model.mean, axes);
}

}  // namespace hourglass
