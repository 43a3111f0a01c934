#include "manifold/centred_rows.hpp"

#include <utility>

#include "kernels/columns/centre.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/neighbors/candidates.hpp"

namespace hourglass::HOURGLASS_TARGET {

CentredRows centre_rows(math::Context& context, device::Buffer<float> x, std::size_t rows,
                        std::size_t features) {
  device::Stream& stream = context.stream();
  device::Buffer<float> mean(features);
  device::Buffer<double> sums(kernels::column_sum_groups(rows) * features);
  kernels::column_means(stream, x.data(), rows, features, sums.span(), mean.span());
  kernels::subtract_means(stream, x.data(), rows, features, mean.span(), x.data());
  device::Buffer<float> norms(rows);
  kernels::squared_norms(stream, x.data(), rows, features, norms.data());
  stream.synchronize();  // the means are about to be freed
  return {std::move(x), std::move(norms)};
}

}  // namespace hourglass::HOURGLASS_TARGET
