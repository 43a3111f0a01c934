#include "cli/rows.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <hourglass/error.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <variant>

#include "data/check.hpp"
#include "files/atomic_file.hpp"
#include "files/messages.hpp"
#include "files/npy_format.hpp"

namespace hourglass::cli {
namespace {

files::NumberArray load_numbers(const std::filesystem::path& file) {
  return files::parse_npy_numbers(files::read_file(file), files::path_text(file));
}

bool held_by_floats(std::span<const double> values) {
  return std::ranges::all_of(
      values, [](double value) { return double{static_cast<float>(value)} == value; });
}

std::vector<double> column_means(const Array<double>& x) {
  std::vector<double> means(x.row_size());
  for (std::size_t i = 0; i < x.rows(); ++i) {
    std::ranges::transform(means, x.row(i), means.begin(), std::plus{});
  }
  for (double& mean : means) mean /= static_cast<double>(x.rows());
  return means;
}

/// Less an offset, or for correlation each row's mean, and rounded once.
Array<float> rounded(const Array<double>& x, std::span<const double> offset, Metric metric,
                     const std::filesystem::path& file) {
  constexpr double kTooLarge = 0x1.ffffffp127;  // from here on rounding gives infinity
  Array<float> rows(x.shape);
  const bool finite = all_finite(x.values);  // else the place is found out later
  for (std::size_t i = 0; i < x.rows(); ++i) {
    const auto row = x.row(i);
    const double mean = metric == Metric::correlation && finite
                            ? std::accumulate(row.begin(), row.end(), 0.0) /
                                  static_cast<double>(std::max<std::size_t>(row.size(), 1))
                            : 0.0;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const double value = row[k] - (offset.empty() ? mean : offset[k]);
      if (std::isfinite(row[k]) && !(std::abs(value) < kTooLarge)) {
        throw Error(files::path_text(file) + ": it holds a value that is too large for float32");
      }
      rows.row(i)[k] = static_cast<float>(value);
    }
  }
  return rows;
}

}  // namespace

Rows load_rows(const std::filesystem::path& file, Metric metric) {
  auto numbers = load_numbers(file);
  if (auto* floats = std::get_if<Array<float>>(&numbers)) return {std::move(*floats), {}};
  const auto& x = std::get<Array<double>>(numbers);
  Rows rows;
  const bool common = metric == Metric::euclidean && x.rows() > 0 && all_finite(x.values);
  if (held_by_floats(x.values)) {
    metric = Metric::cosine;  // nothing to take off
  } else if (common) {
    rows.offset = column_means(x);
  }
  rows.values = rounded(x, rows.offset, metric, file);
  return rows;
}

Array<float> load_rows_less(const std::filesystem::path& file, std::span<const double> offset,
                            Metric metric) {
  auto numbers = load_numbers(file);
  auto* floats = std::get_if<Array<float>>(&numbers);
  if (floats != nullptr && offset.empty()) return std::move(*floats);
  Array<double> x;
  if (floats != nullptr) {
    x = Array<double>(floats->shape);
    std::ranges::copy(floats->values, x.values.begin());
  } else {
    x = std::move(std::get<Array<double>>(numbers));
  }
  // Rows of another size are refused where they are used.
  const bool fits = x.row_size() == offset.size();
  return rounded(x, fits ? offset : std::span<const double>(), metric, file);
}

}  // namespace hourglass::cli
