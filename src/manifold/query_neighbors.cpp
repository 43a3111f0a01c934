// One target's search for the nearest rows of a data set to rows that are not in it.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/neighbors.hpp>
#include <hourglass/samples.hpp>
#include <span>

#include "device/buffer.hpp"
#include "device/range.hpp"
#include "device/target.hpp"
#include "kernels/columns/centre.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/neighbors/cells.hpp"
#include "kernels/neighbors/queries.hpp"
#include "kernels/neighbors/ranks.hpp"
#include "manifold/scaled_rows.hpp"
#include "manifold/square_scale.hpp"
#include "math/context.hpp"
#include "math/matrix.hpp"
#include "math/rows.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// Products at a time: a few megabytes on a CPU, whose caches they should not leave by far.
constexpr std::size_t kTileProducts = std::size_t{1} << (kOnCuda ? 26U : 22U);
constexpr std::size_t kMostTileQueries = kOnCuda ? 4096 : 256;

/// Scaled rows, and the same padded, as distances want them.
class PaddedRows : public ScaledRows {
 public:
  PaddedRows(const device::Stream& stream, const Samples& x, float scale)
      : ScaledRows(stream, math::Rows::of(x.on_device()).values(), scale),
        width_((x.row_size() + kernels::kRowMultiple - 1) / kernels::kRowMultiple *
               kernels::kRowMultiple) {
    if (width_ == x.row_size()) return;
    padded_ = device::Buffer<float>(x.rows() * width_);
    kernels::pad_rows(stream, data(), x.rows(), x.row_size(), width_, padded_.data());
  }
  [[nodiscard]] const float* padded() const { return padded_.size() > 0 ? padded_.data() : data(); }
  [[nodiscard]] std::size_t width() const { return width_; }

 private:
  device::Buffer<float> padded_;
  std::size_t width_;
};

/// Rows less the middle of the data, where products lose fewer digits, and their squared lengths.
struct CentredRows {
  CentredRows(const device::Stream& stream, const float* x, std::size_t rows, std::size_t features,
              std::span<const float> middle)
      : values(rows * features), norms(rows) {
    kernels::subtract_means(stream, x, rows, features, middle, values.data());
    kernels::squared_norms(stream, values.data(), rows, features, norms.data());
  }
  device::Buffer<float> values;
  device::Buffer<float> norms;
};

}  // namespace

NeighborGraph query_neighbors(const Samples& data, const Samples& queries, std::size_t k,
                              const StopRequest& stop) {
  const Range range("neighbours of queries");
  const std::size_t rows = data.rows();
  const std::size_t count = queries.rows();
  const std::size_t features = data.row_size();
  const math::Rows& given = math::Rows::of(data.on_device());
  (void)queries.on_device();  // brought there before the data's context becomes the current one
  math::Context& context = *given.context();
  device::Stream& stream = context.stream();

  // By the data alone: what a query finds must not depend on the others.
  const float scale = scale_to_square(given.facts(rows).largest);
  const PaddedRows x(stream, data, scale);
  const PaddedRows asked(stream, queries, scale);
  device::Buffer<float> middle(features);
  device::Buffer<double> sums(kernels::column_sum_groups(rows) * features);
  kernels::column_means(stream, x.data(), rows, features, sums.span(), middle.span());
  const CentredRows centred(stream, x.data(), rows, features, middle.span());
  const CentredRows centred_asked(stream, asked.data(), count, features, middle.span());

  const std::size_t tile_queries =
      std::min({std::max<std::size_t>(kTileProducts / rows, 1), kMostTileQueries, count});
  device::Buffer<float> products(tile_queries * rows);
  device::Buffer<float> minima(tile_queries * kernels::query_groups(rows, k));
  device::Buffer<std::uint64_t> candidates(tile_queries * rows);
  device::Buffer<std::uint32_t> counts(tile_queries);
  device::Buffer<std::uint32_t> indices(count * k);
  device::Buffer<float> squared_distances(count * k);
  for (std::size_t first = 0; first < count; first += tile_queries) {
    stop_if_requested(stop);
    const std::size_t some = std::min(tile_queries, count - first);
    math::matrix_product(context, math::Transpose::no, math::Transpose::yes, some, rows, features,
                         1.f, centred_asked.values.data() + first * features, centred.values.data(),
                         0.f, products.data());
    kernels::nearest_of_tile(stream,
                             {.queries = some,
                              .rows = rows,
                              .width = x.width(),
                              .data = x.padded(),
                              .asked = asked.padded() + first * x.width(),
                              .products = products.data(),
                              .data_norms = centred.norms.data(),
                              .asked_norms = centred_asked.norms.data() + first,
                              .slack = kernels::product_slack(features),
                              .minima = minima.data(),
                              .candidates = candidates.data(),
                              .counts = counts.data()},
                             k, indices.data() + first * k, squared_distances.data() + first * k);
  }
  NeighborGraph graph{.indices = Array<std::uint32_t>({count, k}),
                      .distances = Array<float>({count, k})};
  device::copy_to_host<std::uint32_t>(stream, indices.span(), graph.indices.values);
  device::copy_to_host<float>(stream, squared_distances.span(), graph.distances.values);
  for (float& distance : graph.distances.values) distance = std::sqrt(distance) / scale;
  return graph;
}

}  // namespace hourglass::HOURGLASS_TARGET
