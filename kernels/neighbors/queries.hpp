// The nearest rows of a data set to rows that are not in it.
//
// Inner products, by a library, say within rounding how far every row of the data is from a query:
// |a|^2 + |b|^2 - 2 a b, off by no more than `slack` (|a|^2 + |b|^2). Rows that may be among the k
// nearest are measured, term by term as in the search of a set against itself, and take their
// places by (distance, index). So what is found does not depend on how the products were rounded,
// nor on which queries were asked beside.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Some queries and all of the data.
struct QueryTile {
  std::size_t queries;
  std::size_t rows;
  std::size_t width;
  const float* data;          ///< (rows, width), as given, padded with zeros to kRowMultiple
  const float* asked;         ///< (queries, width), likewise
  const float* products;      ///< (queries, rows), of both less a common middle
  const float* data_norms;    ///< (rows): their squared lengths
  const float* asked_norms;   ///< (queries)
  float slack;                ///< of which a float's rounding changes nothing
  float* minima;              ///< (queries, query_groups), to work in
  std::uint64_t* candidates;  ///< (queries, rows), to work in
  std::uint32_t* counts;      ///< (queries), to work in
};

/// How far a distance from products may be from the one that is measured, in units of the sum of
/// both squared lengths.
[[nodiscard]] float product_slack(std::size_t features);

/// Groups of rows whose nearest ones say how far to look.
[[nodiscard]] std::size_t query_groups(std::size_t rows, std::size_t k);

/// padded (rows, width) of x (rows, features): zeros behind each row.
void pad_rows(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t features,
              std::size_t width, float* padded);

/// indices, squared_distances (queries, k): by increasing distance, then by index. 1 <= k <= rows.
void nearest_of_tile(simt::StreamHandle stream, const QueryTile& tile, std::size_t k,
                     std::uint32_t* indices, float* squared_distances);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
