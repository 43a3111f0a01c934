// PCA of the latent space: 10,000 codes of 392 numbers.
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <hourglass/pca.hpp>

#include "kernels/columns/centre.hpp"
#include "kernels/columns/means.hpp"
#include "kernels/gram/accumulate.hpp"
#include "math/matrix.hpp"
#include "support/codes.hpp"
#include "support/measure.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {
namespace {

constexpr std::size_t kRows = 10'000;
constexpr std::size_t kGroupRows = 2048;  // as the solver takes them

void add_columns(math::Context& context) {
  add("pca/column_means", [&context](benchmark::State& state) {
    const auto x = random_buffer(context, kRows * kFeatures);
    device::Buffer<double> sums(kernels::column_sum_groups(kRows) * kFeatures);
    device::Buffer<float> means(kFeatures);
    measure(state, context, {.bytes = float_bytes(kRows * kFeatures)}, [&] {
      kernels::column_means(context.stream(), x.data(), kRows, kFeatures, sums.span(),
                            means.span());
    });
  });
  add("pca/subtract_means", [&context](benchmark::State& state) {
    const auto x = random_buffer(context, kGroupRows * kFeatures);
    const auto means = random_buffer(context, kFeatures);
    device::Buffer<float> centred(x.size());
    measure(state, context, {.bytes = float_bytes(2 * x.size())}, [&] {
      kernels::subtract_means(context.stream(), x.data(), kGroupRows, kFeatures, means.span(),
                              centred.data());
    });
  });
}

void add_algebra(math::Context& context) {
  add("pca/gram of 2048 rows", [&context](benchmark::State& state) {
    const auto x = random_buffer(context, kGroupRows * kFeatures);
    device::Buffer<float> gram(kFeatures * kFeatures);
    const Cost cost{.bytes = float_bytes(x.size() + gram.size()),
                    .flops = 2 * kGroupRows * kFeatures * kFeatures};
    measure(state, context, cost, [&] {
      math::matrix_product(context, math::Transpose::yes, math::Transpose::no, kFeatures, kFeatures,
                           kGroupRows, 1.f, x.data(), x.data(), 0.f, gram.data());
    });
  });
  add("pca/accumulate", [&context](benchmark::State& state) {
    const auto part = random_buffer(context, kFeatures * kFeatures);
    device::Buffer<double> sum(part.size());
    device::fill_with_zero(context.stream(), sum.span());
    measure(state, context, {.bytes = part.size() * (sizeof(float) + 2 * sizeof(double))},
            [&] { kernels::accumulate(context.stream(), part.span(), sum.span()); });
  });
  add("pca/eigenvectors", [&context](benchmark::State& state) {
    std::vector<double> symmetric(kFeatures * kFeatures);
    const auto values = random_values(symmetric.size());
    for (std::size_t i = 0; i < kFeatures; ++i) {
      for (std::size_t j = 0; j < kFeatures; ++j) {
        symmetric[i * kFeatures + j] = static_cast<double>(values[i * kFeatures + j]) +
                                       static_cast<double>(values[j * kFeatures + i]);
      }
    }
    const auto matrix = device::to_device<double>(context.stream(), symmetric);
    device::Buffer<double> work(matrix.size());
    device::Buffer<double> eigenvalues(kFeatures);
    measure_unrecorded(state, context, {.bytes = matrix.size() * sizeof(double)}, [&] {
      device::copy_bytes_on_device(context.stream(), work.data(), matrix.data(),
                                   matrix.size() * sizeof(double));
      math::symmetric_eigen(context, kFeatures, 2, work.data(), eigenvalues.data());
    });
  });
}

}  // namespace

void add_pca(math::Context& context) {
  add_columns(context);
  add_algebra(context);
  add("pca/fit+transform", [&context](benchmark::State& state) {
    const Device device = select_device(kOnCuda ? "cuda" : "cpu");
    const Array<float> x({kRows, kFeatures}, random_values(kRows * kFeatures));
    const Cost cost{.bytes = 2 * float_bytes(x.size()),
                    .flops = 2 * kRows * kFeatures * (kFeatures + 2)};
    measure_unrecorded(state, context, cost, [&] {
      const PcaModel model = fit_pca({x, device}, {.components = 2});
      benchmark::DoNotOptimize(transform(model, {x, device}));
    });
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
