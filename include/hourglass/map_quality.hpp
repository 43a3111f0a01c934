// What a map keeps of what it maps, as figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <span>

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
/// these are too short.
[[nodiscard]] double label_accuracy(const Samples& x, std::span<const std::uint8_t> labels,
                                    std::size_t k, const NeighborGraph& known,
                                    const StopRequest& stop = {});

/// Rows that trustworthiness looks at, from the first: its time grows with their square.
inline constexpr std::size_t kTrustworthinessRows = 5000;

/// Whether rows that are neighbours in the map are neighbours in x: 1 where each of a row's k
/// nearest in the map is among its k nearest in x, less for each that is not, by how far down the
/// row's order in x it stands. scikit-learn's, of the first kTrustworthinessRows rows. (J. Venna
/// and S. Kaski, "Neighborhood preservation in nonlinear projection methods: an experimental
/// study", ICANN 2001.)
///
/// Throws Error unless x and map have equally many rows, 1 <= k < half of the rows looked at, all
/// values are finite and not all rows the same.
[[nodiscard]] double trustworthiness(const Samples& x, const Samples& map, std::size_t k,
                                     const StopRequest& stop = {});

}  // namespace hourglass
