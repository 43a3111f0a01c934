#include "manifold/neighbors.hpp"

#include <algorithm>
#include <utility>

#include "device/range.hpp"
#include "kernels/neighbors/candidates.hpp"
#include "manifold/centred_rows.hpp"
#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

// A tile of inner products: large enough for a matrix product to be quick, small enough for caches
// to hold it until the candidates have been taken from it.
constexpr std::size_t kTileRows = 512;
constexpr std::size_t kTileColumns = 2048;

/// Candidates kept beyond k: those that rounding may have moved across the boundary.
constexpr std::size_t kMargin = 32;

}  // namespace

Neighbors find_neighbors(math::Context& context, device::Buffer<float> x, std::size_t rows,
                         std::size_t features, std::size_t k, const StopRequest& stop) {
  const Range range("neighbours");
  device::Stream& stream = context.stream();
  const auto [centred, norms] = centre_rows(context, std::move(x), rows, features);
  Neighbors neighbors{.k = k,
                      .indices = device::Buffer<std::uint32_t>(rows * k),
                      .squared_distances = device::Buffer<float>(rows * k)};
  const std::size_t wanted = std::min(k + kMargin, rows - 1);
  const std::size_t group = std::min(kTileRows, rows);
  const std::size_t tile = std::min(kTileColumns, rows);
  device::Buffer<float> products(group * tile);
  const std::size_t capacity = kernels::candidate_capacity(wanted);
  device::Buffer<kernels::Candidate> lists(group * capacity);
  device::Buffer<std::uint32_t> kept(group);
  device::Buffer<kernels::Candidate> bound(group);
  const kernels::CandidateLists candidates{lists.data(), kept.data(), bound.data(), capacity};
  for (std::size_t row = 0; row < rows; row += group) {
    stop_if_requested(stop);
    const std::size_t group_rows = std::min(group, rows - row);
    kernels::clear_candidates(stream, candidates, group_rows);
    for (std::size_t column = 0; column < rows; column += tile) {
      const std::size_t tile_columns = std::min(tile, rows - column);
      math::matrix_product(context, math::Transpose::no, math::Transpose::yes, group_rows,
                           tile_columns, features, 1.f, centred.data() + row * features,
                           centred.data() + column * features, 0.f, products.data());
      kernels::offer_candidates(stream, products.data(), norms.data(), row, group_rows, column,
                                tile_columns, wanted, candidates);
    }
    kernels::finish_candidates(stream, centred.data(), norms.data(), rows, features, row,
                               group_rows, wanted, k, candidates, neighbors.indices.data(),
                               neighbors.squared_distances.data());
  }
  stream.synchronize();  // the tiles are about to be freed
  return neighbors;
}

}  // namespace hourglass::HOURGLASS_TARGET
