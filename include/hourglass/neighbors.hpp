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
/// than two rows, values that are not finite, rows that are all the same, and unless 1 <= k <= 2048
/// and k < N.
[[nodiscard]] NeighborGraph nearest_neighbors(const Samples& x, std::size_t k,
                                              const StopRequest& stop = {});

}  // namespace hourglass
