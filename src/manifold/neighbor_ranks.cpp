// One target's part of trustworthiness.
#include <algorithm>
#include <cstdint>
#include <hourglass/array.hpp>

#include "device/buffer.hpp"
#include "device/range.hpp"
#include "kernels/neighbors/ranks.hpp"
#include "manifold/centred_rows.hpp"
#include "math/context.hpp"
#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

constexpr std::size_t kTileRows = 256;

}  // namespace

/// For neighbors (rows, k): the place of each among its row's others, by distance in x.
Array<std::uint32_t> neighbor_ranks(const Array<float>& x, const Array<std::uint32_t>& neighbors,
                                    int device_index) {
  const Range range("neighbour ranks");
  const std::size_t rows = x.rows();
  const std::size_t features = x.row_size();
  const std::size_t k = neighbors.row_size();
  math::Context context(device_index);
  device::Stream& stream = context.stream();

  const auto [data, norms] =
      centre_rows(context, device::to_device<float>(stream, x.values), rows, features);
  const auto wanted = device::to_device<std::uint32_t>(stream, neighbors.values);
  device::Buffer<std::uint32_t> found(rows * k);
  device::Buffer<float> products(std::min(kTileRows, rows) * rows);
  for (std::size_t row = 0; row < rows; row += kTileRows) {
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
