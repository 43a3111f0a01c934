// Exact nearest neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>

namespace hourglass {

/// For each of N points, its nearest others: row i holds them by increasing distance, ties by
/// index.
struct NeighborGraph {
  Array<std::uint32_t> indices;  ///< (N, k), i itself left out
  Array<float> distances;        ///< (N, k), Euclidean
};

/// The k nearest others of each row, Euclidean, in float32; memory O(N k). Throws Error for fewer
/// than two rows, values that are not finite, rows that are all the same, unless 1 <= k <= 2048
/// and k < N, and before the search where the result alone needs more memory than is free.
[[nodiscard]] NeighborGraph nearest_neighbors(const Samples& x, std::size_t k,
                                              const StopRequest& stop = {});

/// The k nearest rows of data to each query, measured as above: indices, distances (queries, k), by
/// increasing distance, ties by index. A query that is a row of data finds that row too, at 0. What
/// it finds depends on nothing but the data and itself.
///
/// Throws Error for no rows on either side, rows of different sizes, values that are not finite, a
/// query's value beyond 2^48, or, where the data's largest is not within 2^-40 .. 2^40, beyond 2^48
/// times that, and unless 1 <= k <= the data's rows.
[[nodiscard]] NeighborGraph nearest_neighbors(const Samples& data, const Samples& queries,
                                              std::size_t k, const StopRequest& stop = {});

/// Distances that are known already, of some pairs, in compressed rows: row i's entries are
/// offsets[i] .. offsets[i + 1], in any order. SciPy's csr_matrix, whose names are indptr, indices
/// and data, as scikit-learn's kneighbors_graph makes it.
struct SparseDistances {
  Array<std::uint32_t> offsets;  ///< (N + 1)
  Array<std::uint32_t> columns;  ///< (entries)
  Array<float> distances;        ///< (entries)
};

/// Each row's k nearest by given distances, ties by index. Throws Error for shapes and offsets that
/// do not fit each other, an entry of a row with itself, a pair given twice, distances that are
/// negative or not finite, and a row of fewer than k entries.
[[nodiscard]] NeighborGraph nearest_neighbors(const SparseDistances& given, std::size_t k,
                                              const StopRequest& stop = {});

/// The same of all pairs: distances (N, N), of which each must be finite, at least 0, on the
/// diagonal 0, and the same in both directions, within 1e-5 of itself. Throws Error where one is
/// not, and unless 1 <= k < N.
[[nodiscard]] NeighborGraph nearest_of_distances(const ArrayView<float>& distances, std::size_t k,
                                                 const StopRequest& stop = {});

}  // namespace hourglass
