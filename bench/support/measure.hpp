// How everything here is timed: on the device, many runs to a launch, with the bytes and operations
// it costs at least, so that rates can be held against what the device can do.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "device/target.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {

inline constexpr std::size_t kBatch = 64;

/// What one run must do at least: every input read once, every output written once.
struct Cost {
  std::size_t bytes = 0;
  std::size_t flops = 0;
};

using Work = std::function<void()>;
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline void show_rates(benchmark::State& state, const Cost& cost) {
  const auto rate = [&](const char* name, std::size_t amount) {
    if (amount == 0) return;
    state.counters[name] = benchmark::Counter(static_cast<double>(amount),
                                              benchmark::Counter::kIsIterationInvariantRate);
  };
  rate("Bytes", cost.bytes);
  rate("FLOP", cost.flops);
}

/// Times work that can be recorded. On CUDA a graph of many runs is replayed, which leaves the time
/// of the device: as in training, where steps are replayed too, with inputs as warm in its cache.
inline void measure(benchmark::State& state, math::Context& context, const Cost& cost,
                    const Work& work) {
  constexpr int kRuns = kOnCuda ? 20 : 1;
  device::Stream& stream = context.stream();
  work();  // libraries allocate in their first call, which a recording cannot hold
  const auto graph = device::Graph::record(stream, [&] {
    for (int run = 0; run < kRuns; ++run) work();
  });
  graph.launch(stream);
  stream.synchronize();
  while (state.KeepRunningBatch(kRuns)) {
    const auto start = Clock::now();
    graph.launch(stream);
    stream.synchronize();
    state.SetIterationTime(seconds_since(start));
  }
  show_rates(state, cost);
}

/// Times work that waits for the device itself or allocates: one run, then wait.
inline void measure_unrecorded(benchmark::State& state, math::Context& context, const Cost& cost,
                               const Work& work) {
  work();
  context.stream().synchronize();
  for ([[maybe_unused]] auto _ : state) {
    const auto start = Clock::now();
    work();
    context.stream().synchronize();
    state.SetIterationTime(seconds_since(start));
  }
  show_rates(state, cost);
}

/// Adds a benchmark: `body(state)` prepares its data and calls one of the above.
template <class Body>
void add(const std::string& name, Body body) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(body))
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->MinTime(0.2);
}

/// Values that no zero makes easy, the same in every run.
inline std::vector<float> random_values(std::size_t size, float low = -1.f, float high = 1.f) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(size);
  for (float& value : values) value = uniform(random);
  return values;
}

inline device::Buffer<float> random_buffer(math::Context& context, std::size_t size,
                                           float low = -1.f, float high = 1.f) {
  return device::to_device<float>(context.stream(), random_values(size, low, high));
}

inline std::vector<std::uint8_t> random_bytes(std::size_t size) {
  std::mt19937 random(2);
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() & 0xffU);
  return bytes;
}

constexpr std::size_t float_bytes(std::size_t floats) {
  return floats * sizeof(float);
}

void add_kernels(math::Context& context);
void add_libraries(math::Context& context);
void add_training(math::Context& context);
void add_pca(math::Context& context);
void add_tsne(math::Context& context);
void add_neighbors(math::Context& context);

}  // namespace hourglass::HOURGLASS_TARGET::bench
