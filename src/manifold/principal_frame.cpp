#include "manifold/principal_frame.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/columns/centre.hpp"
#include "kernels/columns/copy.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/neighbors/cells.hpp"
#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using math::Transpose;

constexpr std::size_t kSampledRows = 2048;  // rows
constexpr std::size_t kAllAxes = 256;       // so many are found from the Gram matrix
constexpr std::size_t kSpareAxes = 8;       // which make those wanted more accurate

std::vector<double> to_host(math::Context& context, std::span<const double> values) {
  std::vector<double> copy(values.size());
  device::copy_to_host<double>(context.stream(), values, copy);
  return copy;
}

/// The median length of the rows; the largest where more than half are 0.
double typical_length(const std::vector<double>& x, std::size_t rows, std::size_t features) {
  std::vector<double> lengths(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    double sum = 0.0;
    for (std::size_t f = 0; f < features; ++f) {
      const double value = x[r * features + f];
      sum += value * value;
    }
    lengths[r] = std::sqrt(sum);
  }
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(rows / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  return *middle > 0.0 ? *middle : *std::max_element(lengths.begin(), lengths.end());
}

/// Orthonormal axes of sample (rows, features), a row each by increasing variance.
std::vector<double> axes_of(math::Context& context, const device::Buffer<double>& sample,
                            std::size_t rows, std::size_t features, std::size_t count) {
  if (features <= kAllAxes) {
    device::Buffer<double> gram(features * features);
    device::fill_with_zero(context.stream(), gram.span());
    math::gram_product(context, Transpose::yes, features, rows, sample.data(), 0.0, gram.data());
    device::Buffer<double> values(features);
    math::symmetric_eigen(context, features, features, gram.data(), values.data());
    return to_host(context, gram.span());
  }
  // One step of subspace iteration, which starts with some of the rows, and the best axes within
  // the space found (Rayleigh and Ritz).
  const std::size_t dimensions = std::min({count + kSpareAxes, features});
  device::Buffer<double> space(dimensions * features);
  device::Buffer<double> scores(rows * dimensions);
  for (std::size_t d = 0; d < dimensions; ++d) {
    device::copy_bytes_on_device(context.stream(), space.data() + d * features,
                                 sample.data() + d * rows / dimensions * features,
                                 features * sizeof(double));
  }
  const auto score = [&] {
    math::matrix_product(context, Transpose::no, Transpose::yes, rows, dimensions, features, 1.0,
                         sample.data(), space.data(), 0.0, scores.data());
  };
  score();
  math::matrix_product(context, Transpose::yes, Transpose::no, dimensions, features, rows, 1.0,
                       scores.data(), sample.data(), 0.0, space.data());
  math::orthonormalize_rows(context, dimensions, features, space.data());
  score();
  device::Buffer<double> gram(dimensions * dimensions);
  device::fill_with_zero(context.stream(), gram.span());
  math::gram_product(context, Transpose::yes, dimensions, rows, scores.data(), 0.0, gram.data());
  device::Buffer<double> values(dimensions);
  math::symmetric_eigen(context, dimensions, dimensions, gram.data(), values.data());
  device::Buffer<double> axes(dimensions * features);
  math::matrix_product(context, Transpose::no, Transpose::no, dimensions, features, dimensions, 1.0,
                       gram.data(), space.data(), 0.0, axes.data());
  return to_host(context, axes.span());
}

}  // namespace

PrincipalFrame principal_frame(math::Context& context, std::span<const float> x, std::size_t rows,
                               std::size_t features, std::size_t count, double outlying) {
  device::Stream& stream = context.stream();
  PrincipalFrame frame{.mean = device::Buffer<double>(features)};
  device::Buffer<double> sums(kernels::column_sum_groups(rows) * features);
  kernels::column_means<double>(stream, x.data(), rows, features, sums.span(), frame.mean.span());

  const std::size_t step = std::max<std::size_t>(1, rows / kSampledRows);
  const std::size_t sampled = std::min(rows, kSampledRows);
  device::Buffer<double> sample(sampled * features);
  kernels::centre<double>(stream, x.data(), step * features, sampled, features, frame.mean.data(),
                          sample.data());
  frame.typical_distance = typical_length(to_host(context, sample.span()), sampled, features);
  kernels::shorten_rows(stream, sample.data(), sampled, features,
                        outlying * frame.typical_distance);

  const std::vector<double> by_rows = axes_of(context, sample, sampled, features, count);
  constexpr std::size_t kBundle = kernels::kAxisBundle;
  std::vector<double> in_bundles((count + kBundle - 1) / kBundle * kBundle * features);
  const std::size_t last = by_rows.size() / features - 1;
  for (std::size_t a = 0; a < count; ++a) {
    double* bundle = in_bundles.data() + a / kBundle * kBundle * features + a % kBundle;
    for (std::size_t f = 0; f < features; ++f) {
      bundle[f * kBundle] = by_rows[(last - a) * features + f];
    }
  }
  frame.axes = device::to_device<double>(stream, in_bundles);
  stream.synchronize();  // the sums and the sample are about to be freed
  return frame;
}

}  // namespace hourglass::HOURGLASS_TARGET
