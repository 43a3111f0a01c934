// One target's part of trustworthiness.
#include <algorithm>
#include <cstdint>
#include <hourglass/samples.hpp>
#include <span>

#include "device/buffer.hpp"
#include "device/range.hpp"
#include "kernels/columns/centre.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/neighbors/ranks.hpp"
#include "manifold/scaled_rows.hpp"
#include "manifold/square_scale.hpp"
#include "math/context.hpp"
#include "math/matrix.hpp"
#include "math/rows.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr std::size_t kTileRows = 256;

}  // namespace

Array<std::uint32_t> neighbor_ranks(const Samples& x, const Array<std::uint32_t>& neighbors,
                                    const StopRequest& stop) {
  const Range range("neighbour ranks");
  const std::size_t rows = neighbors.rows();
  const std::size_t features = x.row_size();
  const std::size_t k = neighbors.row_size();
  const math::Rows& in_rows = math::Rows::of(x.on_device());
  math::Context& context = *in_rows.context();
  device::Stream& stream = context.stream();

  const ScaledRows scaled(stream, in_rows.values().first(rows * features),
                          scale_to_square(in_rows.facts(x.rows()).largest));
  const float* const given = scaled.data();
  // Near the origin, inner products lose fewer digits.
  device::Buffer<float> mean(features);
  device::Buffer<double> sums(kernels::column_sum_groups(rows) * features);
  device::Buffer<float> data(rows * features);
  device::Buffer<float> norms(rows);
  kernels::column_means(stream, given, rows, features, sums.span(), mean.span());
  kernels::subtract_means(stream, given, rows, features, mean.span(), data.data());
  kernels::squared_norms(stream, data.data(), rows, features, norms.data());
  const auto wanted = device::to_device<std::uint32_t>(stream, neighbors.values);
  device::Buffer<std::uint32_t> found(rows * k);
  device::Buffer<float> products(std::min(kTileRows, rows) * rows);
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    stop_if_requested(stop);
    const std::size_t count = std::min(kTileRows, rows - row);
    math::matrix_product(context, math::Transpose::no, math::Transpose::yes, count, rows, features,
                         1.f, data.data() + row * features, data.data(), 0.f, products.data());
    kernels::neighbor_ranks(stream, products.data(), norms.data(), row, count, rows,
                            wanted.data() + row * k, k, found.data() + row * k);
  }
  Array<std::uint32_t> ranks({rows, k});
  device::copy_to_host<std::uint32_t>(stream, found.span(), ranks.values);
  return ranks;
}

}  // namespace hourglass::HOURGLASS_TARGET
