#include "decomposition/pca_solver.hpp"

#include <algorithm>
#include <memory>
#include <span>

#include "device/buffer.hpp"
#include "math/context.hpp"
#include "math/matrix.hpp"
#include "pca/columns.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using math::Transpose;

/// Rows whose products are summed in single precision before double takes over.
constexpr std::size_t kGroupRows = 2048;

class Solver final : public PcaSolver {
 public:
  explicit Solver(int device_index) : context_(device_index) {}

  [[nodiscard]] CovarianceEigen covariance_eigen(const Array<float>& x,
                                                 std::size_t count) override {
    const std::size_t rows = x.rows();
    const std::size_t features = x.row_size();
    device::Stream& stream = context_.stream();
    const auto data = device::to_device<float>(stream, x.values);
    device::Buffer<double> sums(kernels::column_sum_groups(rows) * features);
    device::Buffer<float> mean(features);
    kernels::column_means(stream, data.data(), rows, features, sums.span(), mean.span());

    // Centred first: the Gram matrix of raw data loses everything when the mean dwarfs the spread.
    device::Buffer<float> centred(std::min(rows, kGroupRows) * features);
    device::Buffer<float> group_gram(features * features);
    device::Buffer<double> gram(features * features);
    device::fill_with_zero(stream, gram.span());
    for (std::size_t first = 0; first < rows; first += kGroupRows) {
      const std::size_t count_rows = std::min(kGroupRows, rows - first);
      kernels::subtract_means(stream, data.data() + first * features, count_rows, features,
                              mean.span(), centred.data());
      math::matrix_product(context_, Transpose::yes, Transpose::no, features, features, count_rows,
                           1.f, centred.data(), centred.data(), 0.f, group_gram.data());
      kernels::accumulate(stream, group_gram.span(), gram.span());
    }

    CovarianceEigen result{.mean = std::vector<float>(features),
                           .eigenvalues = std::vector<double>(count),
                           .eigenvectors = std::vector<double>(count * features)};
    device::copy_to_host<float>(stream, mean.span(), result.mean);
    std::vector<double> diagonal(features * features);
    device::copy_to_host<double>(stream, gram.span(), diagonal);
    const double degrees = static_cast<double>(rows - 1);
    for (std::size_t i = 0; i < features; ++i) {
      result.total_variance += diagonal[i * features + i] / degrees;
    }

    device::Buffer<double> eigenvalues(features);
    math::symmetric_eigen(context_, features, count, gram.data(), eigenvalues.data());
    device::copy_to_host<double>(stream, eigenvalues.span().first(count), result.eigenvalues);
    device::copy_to_host<double>(stream, gram.span().first(count * features), result.eigenvectors);
    for (double& value : result.eigenvalues) value = std::max(value / degrees, 0.0);
    return result;
  }

  [[nodiscard]] Array<float> project(const Array<float>& x, const std::vector<float>& mean,
                                     const Array<float>& axes) override {
    const std::size_t features = x.row_size();
    device::Stream& stream = context_.stream();
    const auto device_mean = device::to_device<float>(stream, mean);
    const auto device_axes = device::to_device<float>(stream, axes.values);
    device::Buffer<float> centred(std::min(x.rows(), kGroupRows) * features);
    device::Buffer<float> scores(std::min(x.rows(), kGroupRows) * axes.rows());
    Array<float> result({x.rows(), axes.rows()});
    for (std::size_t first = 0; first < x.rows(); first += kGroupRows) {
      const std::size_t rows = std::min(kGroupRows, x.rows() - first);
      const auto group = centred.span().first(rows * features);
      device::copy_to_device<float>(
          stream, std::span(x.values).subspan(first * features, group.size()), group);
      kernels::subtract_means(stream, group.data(), rows, features, device_mean.span(),
                              group.data());
      math::matrix_product(context_, Transpose::no, Transpose::yes, rows, axes.rows(), features,
                           1.f, group.data(), device_axes.data(), 0.f, scores.data());
      device::copy_to_host<float>(
          stream, scores.span().first(rows * axes.rows()),
          std::span(result.values).subspan(first * axes.rows(), rows * axes.rows()));
    }
    return result;
  }

 private:
  math::Context context_;
};

}  // namespace

std::unique_ptr<PcaSolver> make_pca_solver(int device_index) {
  return std::make_unique<Solver>(device_index);
}

}  // namespace hourglass::HOURGLASS_TARGET
