// What a map keeps of what it maps, as figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <optional>
#include <span>
#include <vector>

namespace hourglass {

/// The mean accuracy of a k-nearest-neighbour classifier over five folds: scikit-learn's
/// cross_val_score(KNeighborsClassifier(k), x, labels, cv=5).mean(). A row gets the label that most
/// of its k nearest rows outside its own fold have, the smallest such label on a tie. Folds are
/// stratified, not shuffled: the rows of one label go to the first fold, then to the second, ...
///
/// Throws Error unless there is a label for each row, 1 <= k <= 4/5 of the rows (rounded down), all
/// values are finite and not all rows the same.
[[nodiscard]] double label_accuracy(const Samples& x, std::span<const std::uint8_t> labels,
                                    std::size_t k, const StopRequest& stop = {});
/// The same, with neighbours of x that are known already: longer lists are looked for only where
/// these are too short. Throws Error for lists that tsne() would refuse, too.
[[nodiscard]] double label_accuracy(const Samples& x, std::span<const std::uint8_t> labels,
                                    std::size_t k, const NeighborGraph& known,
                                    const StopRequest& stop = {});

struct MapQualityOptions {
  std::size_t neighbors = 15;  ///< of a row, for trustworthiness, continuity and neighbour recall
  /// Rows that are looked at, from the first: time grows with their square.
  std::size_t rows = 10'000;
  /// Pairs of rows of which distances are correlated: all there are, or so many drawn at random.
  std::size_t pairs = 500'000;
  std::uint64_t seed = 0;  ///< of those
  /// One for each row, for silhouettes, or none.
  std::span<const std::uint8_t> labels = {};
  bool per_row = false;  ///< keep what each row contributes
  StopRequest stop = {};
};

/// What each row looked at contributes: figures are their means.
struct RowQuality {
  std::vector<double> trustworthiness;
  std::vector<double> continuity;
  std::vector<double> neighbor_recall;
  std::vector<double> silhouette;  ///< with labels
};

struct MapQuality {
  /// Whether rows that are neighbours in the map are neighbours in x: 1 where each of a row's
  /// nearest in the map is among its nearest in x, less for each that is not, by how far down the
  /// row's order in x it stands. scikit-learn's. (J. Venna and S. Kaski, "Neighborhood preservation
  /// in nonlinear projection methods: an experimental study", ICANN 2001.)
  double trustworthiness;
  /// The same with data and map changed over: whether neighbours in x are still neighbours in the
  /// map.
  double continuity;
  /// Of a row's nearest in x, the share that is among its nearest in the map.
  double neighbor_recall;
  /// Spearman's rank correlation of distances in x and in the map, over pairs of rows; ties share
  /// the mean of their ranks. 0 where either has no ranks.
  double distance_correlation;
  /// The mean of (b - a) / max(a, b) in the map, a a row's mean distance to those of its label, b
  /// the least to those of another; 0 where it is alone. scikit-learn's silhouette_score.
  std::optional<double> silhouette;  ///< with labels
  std::size_t rows;                  ///< looked at
  std::size_t pairs;                 ///< of distances
  RowQuality of_rows;                ///< where asked for
};

/// All of these at once. What is near is decided in double precision, ties by index, but for ranks
/// in x, which are single precision's.
///
/// Throws Error unless x and map have equally many rows, 1 <= neighbors < half of the rows looked
/// at and neighbors <= 2047, there are no labels or one for each row, two or more different ones
/// among the rows looked at and not a different one for each, at least one pair, all values are
/// finite and not all rows the same.
[[nodiscard]] MapQuality map_quality(const Samples& x, const Samples& map,
                                     const MapQualityOptions& options = {});

}  // namespace hourglass
