// Rows for PCA, t-SNE and neighbours, which look at differences: those survive float32 if what all
// rows have in common is taken off first, in double.
#pragma once

#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/metric.hpp>
#include <span>
#include <vector>

namespace hourglass::cli {

struct Rows {
  Array<float> values;
  std::vector<double> offset;  ///< taken off each row; empty: none was
};

/// From an .npy. Of one whose values float32 does not hold, float64 or large integers, the means of
/// the columns are taken off; for correlation each row's own mean; for cosine nothing.
/// Throws Error as load_npy() does, and for a whole number beyond 2^53.
[[nodiscard]] Rows load_rows(const std::filesystem::path& file, Metric metric = Metric::euclidean);

/// Rows to go with such: less their offset.
[[nodiscard]] Array<float> load_rows_less(const std::filesystem::path& file,
                                          std::span<const double> offset, Metric metric);

}  // namespace hourglass::cli
