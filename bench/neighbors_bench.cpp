// Exact neighbours and affinities on whole data sets:
//
//   HOURGLASS_DATA=data/mnist HOURGLASS_CODES=data/codes
//       hourglass_bench_cpu --benchmark_filter='^neighbours'
//
// Each is a single run, cold memory and all; repeat with --benchmark_repetitions. A million rows
// take a minute on two cores: `--benchmark_filter='^neighbours/[^1]'` leaves them out.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/images.hpp>
#include <hourglass/npy.hpp>
#include <random>
#include <string>

#include "manifold/affinity_matrix.hpp"
#include "manifold/neighbors.hpp"
#include "support/codes.hpp"
#include "support/copy_neighbors.hpp"
#include "support/measure.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {
namespace {

using Data = std::function<Array<float>()>;

std::filesystem::path folder(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) throw Error(std::string(variable) + " does not name a folder");
  return value;
}

Array<float> codes() {
  return load_npy(folder("HOURGLASS_CODES") / "mnist_codes.npy");
}

/// Eight times the codes, seven of them with a little noise.
Array<float> more_codes() {
  const Array<float> x = codes();
  Array<float> more({8 * x.rows(), x.row_size()});
  std::mt19937_64 random(1);
  std::normal_distribution<float> noise(0.f, 0.05f);
  for (std::size_t i = 0; i < more.values.size(); ++i) {
    const bool first = i < x.values.size();
    more.values[i] = x.values[i % x.values.size()] + (first ? 0.f : noise(random));
  }
  return more;
}

Array<float> mnist() {
  return to_unit_range(load_mnist(folder("HOURGLASS_DATA")).train.images);
}

Array<float> isotropic() {
  Array<float> x({20'000, 50});
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  for (float& value : x.values) value = normal(random);
  return x;
}

/// 200 normal clusters whose spread falls from column to column.
Array<float> clusters() {
  constexpr std::size_t kColumns = 50;
  constexpr std::size_t kClusters = 200;
  Array<float> x({1'000'000, kColumns});
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> centres(kClusters * kColumns);
  const auto spread = [](std::size_t column) {
    return std::pow(0.93f, static_cast<float>(column));
  };
  for (std::size_t i = 0; i < centres.size(); ++i) {
    centres[i] = 2.f * spread(i % kColumns) * normal(random);
  }
  for (std::size_t i = 0; i < x.rows(); ++i) {
    const float* centre = centres.data() + random() % kClusters * kColumns;
    for (std::size_t c = 0; c < kColumns; ++c) {
      x.row(i)[c] = centre[c] + spread(c) * normal(random);
    }
  }
  return x;
}

Neighbors find(math::Context& context, const device::Buffer<float>& x, const Array<float>& shape) {
  return find_neighbors(context, x.span(), shape.rows(), shape.row_size(), kNeighbors);
}

/// body(x in host and device memory), or why there is no such data.
void with_data(benchmark::State& state, math::Context& context, const Data& data,
               const std::function<void(const Array<float>&, const device::Buffer<float>&)>& body) {
  try {
    const Array<float> x = data();
    body(x, device::to_device<float>(context.stream(), x.values));
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}

void add_once(const std::string& name, const std::function<void(benchmark::State&)>& body) {
  benchmark::RegisterBenchmark(name.c_str(), body)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond)
      ->Iterations(1);
}

void add_search(math::Context& context, const std::string& name, const Data& data) {
  add_once("neighbours/" + name, [&context, data](benchmark::State& state) {
    with_data(state, context, data, [&](const Array<float>& x, const device::Buffer<float>& on) {
      for ([[maybe_unused]] auto _ : state) {
        const auto start = Clock::now();
        benchmark::DoNotOptimize(find(context, on, x).k);
        state.SetIterationTime(seconds_since(start));
      }
    });
  });
}

}  // namespace

void add_neighbors(math::Context& context) {
  add_search(context, "codes, 10,000 x 392", codes);
  add_search(context, "MNIST, 60,000 x 784", mnist);
  add_search(context, "codes, 80,000 x 392", more_codes);
  add_search(context, "noise, 20,000 x 50", isotropic);
  add_search(context, "1,000,000 x 50, clusters", clusters);
  add_once("neighbours/affinities of MNIST", [&context](benchmark::State& state) {
    with_data(state, context, mnist, [&](const Array<float>& x, const device::Buffer<float>& on) {
      const Neighbors neighbors = find(context, on, x);
      for ([[maybe_unused]] auto _ : state) {
        Neighbors own = copy_of(context.stream(), neighbors);
        context.stream().synchronize();
        const auto start = Clock::now();
        const AffinityMatrix matrix(context, std::move(own), x.rows(), kPerplexity);
        benchmark::DoNotOptimize(matrix.entries());
        state.SetIterationTime(seconds_since(start));
      }
    });
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
