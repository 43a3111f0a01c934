// Benchmarks of one target: hourglass_bench_cpu, hourglass_bench_cuda. Options are Google
// Benchmark's; exit status 77 says that this target has no device here.
#include <benchmark/benchmark.h>

#include <exception>
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <hourglass/version.hpp>
#include <iostream>

#include "math/context.hpp"
#include "support/measure.hpp"

namespace {

constexpr int kNoDevice = 77;

int run(const hourglass::Device& device) {
  using namespace hourglass::HOURGLASS_TARGET;
  math::Context context(device.index);
  bench::add_libraries(context);
  bench::add_kernels(context);
  bench::add_training(context);
  bench::add_pca(context);
  bench::add_tsne(context);
  bench::add_neighbors(context);
  benchmark::AddCustomContext("hourglass", HOURGLASS_VERSION);
  benchmark::AddCustomContext("device", device.summary);
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}

int fail(int status, const std::exception& error) {
  std::cerr << "hourglass_bench: " << error.what() << '\n';
  return status;
}

}  // namespace

namespace hourglass::HOURGLASS_TARGET {
static constexpr const char* kTargetDevice = kOnCuda ? "cuda" : "cpu";
}

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  hourglass::Device device;
  try {
    device = hourglass::select_device(hourglass::HOURGLASS_TARGET::kTargetDevice);
  } catch (const hourglass::Error& error) {
    return fail(kNoDevice, error);
  }
  try {
    return run(device);
  } catch (const std::exception& error) {
    return fail(1, error);
  }
}
