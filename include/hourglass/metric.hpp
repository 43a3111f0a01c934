// What it means for two rows to be near each other.
#pragma once

#include <array>
#include <hourglass/names.hpp>
#include <hourglass/samples.hpp>
#include <string_view>

namespace hourglass {

/// Cosine: rows are compared by their directions alone, as Euclidean distances of rows of length
/// one. Correlation: the same of rows less their own means. Neighbours and their order are those of
/// scikit-learn's distances 1 - cos: the Euclidean distance d of such rows is d^2 / 2 = 1 - cos.
enum class Metric { euclidean, cosine, correlation };
template <>
inline constexpr std::array<std::string_view, 3> kNames<Metric> = {"euclidean", "cosine",
                                                                   "correlation"};

/// Rows whose Euclidean distances say what the metric does: for euclidean x itself, else new rows
/// of length one, worked out in double where x is: on its device. For whatever takes Samples:
/// neighbours, maps, quality.
///
///   const auto neighbors = nearest_neighbors(in_metric(codes, Metric::cosine), 90);
///
/// Throws Error for a row without a direction: zeros, or, for correlation, one value throughout;
/// and for values that are not finite.
[[nodiscard]] Samples in_metric(const Samples& x, Metric metric);

}  // namespace hourglass
