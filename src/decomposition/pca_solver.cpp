#include "decomposition/pca_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>

#include "device/buffer.hpp"
#include "device/range.hpp"
#include "kernels/columns/centre.hpp"
#include "kernels/columns/copy.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/gram/accumulate.hpp"
#include "kernels/gram/diagonal.hpp"
#include "math/context.hpp"
#include "math/leading_eigen.hpp"
#include "math/matrix.hpp"
#include "math/rows.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using math::Transpose;

/// Rows (or, where they are the longer side, columns) that are centred and multiplied at a time. In
/// single precision also: whose products are summed in single precision before double takes over.
constexpr std::size_t kTile = 2048;

// When single precision will do for the Gram matrix. Its rounding moves eigenvalues by at most some
// 1e-7 of the largest, and turns eigenvectors by that over the distance of their eigenvalues.
constexpr std::size_t kManyProducts = std::size_t{1} << 28U;  // below: double takes milliseconds
constexpr std::size_t kFewOf = 8;           // of n eigenpairs n / 8; more would be too close
constexpr double kSmallestInSingle = 1e-2;  // eigenvalue, of the largest
constexpr double kNearestInSingle = 1e-3;   // distance of eigenvalues, of the largest
constexpr double kUnderflow = 1e-20;        // sum of squares: its smaller terms may have been lost

/// Eigenpairs of a Gram matrix, by decreasing eigenvalue.
struct Eigenpairs {
  double trace = 0.0;
  std::vector<double> values = {};
  std::vector<double> vectors = {};  // one a row
};

/// Whether single-precision products gave these accurately. The last pair is there to tell how far
/// the others are from the rest.
bool good_enough(const Eigenpairs& found) {
  if (found.values.empty()) return false;
  const double largest = found.values.front();
  for (std::size_t k = 0; k + 1 < found.values.size(); ++k) {
    if (!(found.values[k] >= kSmallestInSingle * largest)) return false;
    if (!(found.values[k] - found.values[k + 1] >= kNearestInSingle * largest)) return false;
  }
  return true;
}

class Solver final : public PcaSolver {
 public:
  Solver(const Samples& x, StopRequest stop)
      : Solver(math::Rows::of(x.on_device()), x.rows(), x.row_size(), std::move(stop)) {}
  ~Solver() override { context_.make_current(std::nothrow); }
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  [[nodiscard]] std::vector<double> means() override {
    device::Buffer<double> sums(kernels::column_sum_groups(rows_) * features_);
    device::Buffer<double> mean(features_);
    kernels::column_means<double>(stream(), data_.data(), rows_, features_, sums.span(),
                                  mean.span());
    return to_host(mean.span());
  }

  [[nodiscard]] PrincipalAxes principal_axes(const std::vector<double>& host_mean,
                                             std::size_t count) override {
    const auto mean = device::to_device<double>(stream(), host_mean);
    const std::size_t n = std::min(rows_, features_);
    Eigenpairs found;
    bool done = false;
    if (rows_ * features_ > kManyProducts / n && count <= n / kFewOf) {
      found = gram_eigenpairs<float>(mean, count);
      done = good_enough(found);
    }
    if (!done) found = gram_eigenpairs<double>(mean, count);

    const auto degrees = static_cast<double>(rows_ - 1);
    PrincipalAxes result{.total_variance = found.trace / degrees};
    if (found.values.empty()) return result;
    found.values.resize(count);
    found.vectors.resize(count * n);
    // What rounding makes of an eigenvalue that is 0: as LAPACK, and some for the products.
    const double noise =
        static_cast<double>(n + 50) * std::numeric_limits<double>::epsilon() * found.values.front();
    for (const double value : found.values) {
      result.variances.push_back(value > noise ? value / degrees : 0.0);
    }
    result.axes = by_rows() ? std::move(found.vectors)
                            : axes_of(mean, result.variances, std::move(found.vectors));
    return result;
  }

  [[nodiscard]] Array<float> project(const std::vector<double>& host_mean,
                                     const Array<float>& host_axes) override {
    const Range range("PCA project");
    const std::size_t count = host_axes.rows();
    const auto mean = device::to_device<double>(stream(), host_mean);
    const auto axes = device::to_device<float>(stream(), host_axes.values);
    const std::size_t group = std::min(rows_, kTile);
    device::Buffer<float> centred(group * features_);
    device::Buffer<float> scores(group * count);
    Array<float> result({rows_, count});
    for (std::size_t first = 0; first < rows_; first += group) {
      stop_if_requested(stop_);
      const std::size_t rows = std::min(group, rows_ - first);
      kernels::centre<float>(stream(), data_.data() + first * features_, features_, rows, features_,
                             mean.data(), centred.data());
      math::matrix_product(context_, Transpose::no, Transpose::yes, rows, count, features_, 1.f,
                           centred.data(), axes.data(), 0.f, scores.data());
      device::copy_to_host<float>(stream(), scores.span().first(rows * count),
                                  std::span(result.values).subspan(first * count, rows * count));
    }
    return result;
  }

  [[nodiscard]] Array<float> expand(const std::vector<double>& host_mean,
                                    const Array<float>& host_axes) override {
    const Range range("PCA expand");
    const std::size_t features = host_axes.row_size();
    const auto mean = device::to_device<double>(stream(), host_mean);
    const auto axes = device::to_device<float>(stream(), host_axes.values);
    const std::size_t group = std::min(rows_, kTile);
    device::Buffer<float> points(group * features);
    Array<float> result({rows_, features});
    for (std::size_t first = 0; first < rows_; first += group) {
      stop_if_requested(stop_);
      const std::size_t rows = std::min(group, rows_ - first);
      math::matrix_product(context_, Transpose::no, Transpose::no, rows, features, features_, 1.f,
                           data_.data() + first * features_, axes.data(), 0.f, points.data());
      kernels::add_means(stream(), points.data(), rows, features, mean.data());
      device::copy_to_host<float>(
          stream(), points.span().first(rows * features),
          std::span(result.values).subspan(first * features, rows * features));
    }
    return result;
  }

 private:
  Solver(const math::Rows& given, std::size_t rows, std::size_t features, StopRequest stop)
      : rows_(rows),
        features_(features),
        data_(given.values()),
        rows_context_(given.context()),
        context_(*rows_context_),
        stop_(std::move(stop)) {}

  device::Stream& stream() { return context_.stream(); }

  [[nodiscard]] std::vector<double> to_host(std::span<const double> values) {
    std::vector<double> copy(values.size());
    device::copy_to_host<double>(stream(), values, copy);
    return copy;
  }

  /// Covariance of the features, or where there are fewer rows, products of the rows: the Gram
  /// matrix of the shorter side. Both have the same eigenvalues.
  [[nodiscard]] bool by_rows() const { return rows_ >= features_; }

  /// use(tile, rows, columns, first column) for each tile of the centred data: centred first,
  /// because the Gram matrix of raw data loses everything when the mean dwarfs the spread.
  template <class Real, class Use>
  void for_each_tile(const device::Buffer<double>& mean, Use use) {
    const std::size_t tile_rows = by_rows() ? std::min(rows_, kTile) : rows_;
    const std::size_t tile_columns = by_rows() ? features_ : std::min(features_, kTile);
    device::Buffer<Real> tile(tile_rows * tile_columns);
    for (std::size_t row = 0; row < rows_; row += tile_rows) {
      for (std::size_t column = 0; column < features_; column += tile_columns) {
        stop_if_requested(stop_);
        const std::size_t rows = std::min(tile_rows, rows_ - row);
        const std::size_t columns = std::min(tile_columns, features_ - column);
        kernels::centre<Real>(stream(), data_.data() + row * features_ + column, features_, rows,
                              columns, mean.data() + column, tile.data());
        use(tile.data(), rows, columns, column);
      }
    }
    stream().synchronize();  // the tile is about to be freed
  }

  /// The lower triangle of the Gram matrix: products of type Real, sums over tiles in double.
  template <class Real>
  [[nodiscard]] device::Buffer<double> gram(const device::Buffer<double>& mean) {
    const std::size_t n = std::min(rows_, features_);
    device::Buffer<double> sum(n * n);
    device::fill_with_zero(stream(), sum.span());
    device::Buffer<Real> part(std::is_same_v<Real, float> ? n * n : 0);
    device::fill_with_zero(stream(), part.span());
    for_each_tile<Real>(mean, [&](const Real* tile, std::size_t rows, std::size_t columns, auto) {
      const Transpose transpose = by_rows() ? Transpose::yes : Transpose::no;
      const std::size_t depth = by_rows() ? rows : columns;
      if constexpr (std::is_same_v<Real, double>) {
        math::gram_product(context_, transpose, n, depth, tile, 1.0, sum.data());
      } else {
        math::gram_product(context_, transpose, n, depth, tile, 0.f, part.data());
        kernels::accumulate(stream(), part.span(), sum.span());
      }
    });
    return sum;
  }

  /// The `count` largest eigenpairs of a Gram matrix whose products are of type Real, and the next
  /// one if there is one.
  template <class Real>
  [[nodiscard]] Eigenpairs eigenpairs(device::Buffer<double> matrix,
                                      const std::vector<double>& diagonal, std::size_t count) {
    const Range range("PCA eigenpairs");
    const std::size_t n = diagonal.size();
    const std::size_t more = std::min(count + 1, n);
    device::Buffer<double> values(n);
    if (math::leading_eigen_pays(n, more)) {
      device::Buffer<double> vectors(more * n);
      if (math::leading_eigen(context_, n, more, matrix.data(), values.data(), vectors.data())) {
        Eigenpairs found = by_decreasing_value(values, vectors, n, more);
        // What has no spread has no part in any direction of spread, not even by rounding.
        for (std::size_t i = 0; i < found.vectors.size(); ++i) {
          if (diagonal[i % n] == 0.0) found.vectors[i] = 0.0;
        }
        // Of products in single precision these are as good as any.
        if (std::is_same_v<Real, float> || good_enough(found)) return found;
      }
    }
    math::symmetric_eigen(context_, n, more, matrix.data(), values.data());
    return by_decreasing_value(values, matrix, n, more);
  }

  [[nodiscard]] Eigenpairs by_decreasing_value(const device::Buffer<double>& values,
                                               const device::Buffer<double>& vectors, std::size_t n,
                                               std::size_t count) {
    Eigenpairs found{.values = to_host(values.span().first(count)),
                     .vectors = to_host(vectors.span().first(count * n))};
    std::reverse(found.values.begin(), found.values.end());
    for (std::size_t k = 0; k < count / 2; ++k) {
      const auto row = found.vectors.begin() + static_cast<std::ptrdiff_t>(k * n);
      const auto mirror = found.vectors.end() - static_cast<std::ptrdiff_t>((k + 1) * n);
      std::swap_ranges(row, row + static_cast<std::ptrdiff_t>(n), mirror);
    }
    return found;
  }

  /// Nothing but the trace if that is 0, or beyond the range of Real.
  template <class Real>
  [[nodiscard]] Eigenpairs gram_eigenpairs(const device::Buffer<double>& mean, std::size_t count) {
    const std::size_t n = std::min(rows_, features_);
    device::Buffer<double> matrix = [&] {
      const Range range("PCA Gram matrix");
      return gram<Real>(mean);
    }();
    device::Buffer<double> values(n);
    kernels::diagonal(stream(), matrix.data(), n, values.data());
    const std::vector<double> diagonal = to_host(values.span());
    const double trace = std::accumulate(diagonal.begin(), diagonal.end(), 0.0);
    const double least = std::is_same_v<Real, float> ? kUnderflow : 0.0;
    if (!(trace > least) || !std::isfinite(trace)) return {.trace = trace};
    Eigenpairs found = eigenpairs<Real>(std::move(matrix), diagonal, count);
    found.trace = trace;
    return found;
  }

  /// From eigenvectors u over the rows to axes over the features, X' u by decreasing variance. The
  /// QR decomposition brings them to unit length, clears the short ones of rounding, and where
  /// there is no variance (a row of zeros goes in) completes the basis.
  [[nodiscard]] std::vector<double> axes_of(const device::Buffer<double>& mean,
                                            const std::vector<double>& variances,
                                            std::vector<double> over_rows) {
    const std::size_t count = variances.size();
    for (std::size_t k = 0; k < count; ++k) {
      if (variances[k] > 0.0) continue;
      std::fill_n(over_rows.begin() + static_cast<std::ptrdiff_t>(k * rows_), rows_, 0.0);
    }
    const auto vectors = device::to_device<double>(stream(), over_rows);
    device::Buffer<double> slab(count * std::min(features_, kTile));
    device::Buffer<double> axes(count * features_);
    for_each_tile<double>(mean, [&](const double* tile, std::size_t rows, std::size_t columns,
                                    std::size_t first) {
      math::matrix_product(context_, Transpose::no, Transpose::no, count, columns, rows, 1.0,
                           vectors.data(), tile, 0.0, slab.data());
      kernels::copy_columns(stream(), slab.data(), count, columns, axes.data() + first, features_);
    });
    math::orthonormalize_rows(context_, count, features_, axes.data());
    return to_host(axes.span());
  }

  std::size_t rows_;
  std::size_t features_;
  std::span<const float> data_;  // (rows, features)
  std::shared_ptr<math::Context> rows_context_;
  math::Context& context_;
  StopRequest stop_;
};

}  // namespace

std::unique_ptr<PcaSolver> make_pca_solver(const Samples& x, StopRequest stop) {
  return std::make_unique<Solver>(x, std::move(stop));
}

}  // namespace hourglass::HOURGLASS_TARGET
