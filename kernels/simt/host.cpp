// Running a grid on the host: which blocks run where, and in what order.
#include "kernels/simt/host.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <hourglass/error.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "kernels/simt/emulator.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

namespace {

Emulation current_emulation;

void check(const LaunchConfig& config) {
  constexpr std::size_t kMaxBlockThreads = 1024;  // CUDA's limit, so that tests see it too
  const std::size_t threads = config.block.count();
  if (threads == 0 || threads > kMaxBlockThreads) {
    throw Error("simt: a launch with " + std::to_string(threads) +
                " threads in a block; expected 1 to " + std::to_string(kMaxBlockThreads));
  }
}

void run_in_parallel(const LaunchConfig& config, const std::function<void()>& body) {
  const std::size_t blocks = config.grid.count();
  std::atomic<std::size_t> next_block = 0;  // nobody waits for a thread that has no core yet
  std::exception_ptr failure;
#pragma omp parallel
  try {  // an exception must not leave the region
    Emulator emulator(config, body);
    for (std::size_t b = next_block++; b < blocks; b = next_block++) emulator.run_block(b);
  } catch (...) {
#pragma omp critical(hourglass_simt_failure)
    failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

/// Blocks that wait for each other: a thread each. Not the threads of an OpenMP region, which may
/// be fewer than one asks for.
void run_side_by_side(const LaunchConfig& config, const std::function<void()>& body) {
  const std::size_t blocks = config.grid.count();
  std::vector<std::exception_ptr> failures(blocks);
  const auto run_block = [&](std::size_t b) {
    try {
      Emulator(config, body).run_block(b);
    } catch (...) {
      failures[b] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t b = 1; b < blocks; ++b) threads.emplace_back(run_block, b);
    run_block(0);
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

void run_serially(const LaunchConfig& config, const std::function<void()>& body) {
  std::vector<std::size_t> blocks(config.grid.count());
  std::iota(blocks.begin(), blocks.end(), std::size_t{0});
  Emulator emulator(config, body);
  emulator.arrange(blocks);
  for (const std::size_t b : blocks) emulator.run_block(b);
}

}  // namespace

Emulation emulation() {
  return current_emulation;
}

EmulationScope::EmulationScope(ThreadOrder order, std::uint32_t seed)
    : previous_(current_emulation) {
  current_emulation = {order, seed};
}

EmulationScope::~EmulationScope() {
  current_emulation = previous_;
}

bool detail::emulated() {
  return emulation().order != ThreadOrder::plain;
}

// libstdc++ sleeps on a futex, after a few polls of its own.
void detail::sleep_while(std::uint32_t* address, std::uint32_t value) {
  std::atomic_ref<std::uint32_t>(*address).wait(value, std::memory_order_acquire);
}

void detail::wake(std::uint32_t* address) {
  std::atomic_ref<std::uint32_t>(*address).notify_all();
}

void detail::run(const LaunchConfig& config, const std::function<void()>& body) {
  check(config);
  if (config.grid.count() == 0) return;
  if (config.communicating && emulation().order == ThreadOrder::plain) {
    run_side_by_side(config, body);
  } else if (config.cooperative || config.communicating) {
    Emulator(config, body).run_grid();
  } else if (config.grid.count() > 1 && emulation().order == ThreadOrder::plain) {
    run_in_parallel(config, body);
  } else {
    run_serially(config, body);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
