// Running a grid on the host: which blocks run where, and in what order.
#include "kernels/simt/host.hpp"

#include <linux/futex.h>
#include <omp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <hourglass/error.hpp>
#include <limits>
#include <numeric>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/simt/emulator.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

namespace {

Emulation current_emulation;
thread_local std::vector<RecordedLaunch>* current_recording = nullptr;

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
/// be fewer than one asks for. None begins before all are there, or it would wait for ever.
void run_side_by_side(const LaunchConfig& config, const std::function<void()>& body) {
  const std::size_t blocks = config.grid.count();
  std::vector<std::exception_ptr> failures(blocks);
  std::promise<bool> all_there;
  const std::shared_future<bool> begin = all_there.get_future();
  const auto run_block = [&](std::size_t b) {
    if (!begin.get()) return;
    try {
      Emulator(config, body).run_block(b);
    } catch (...) {
      failures[b] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t b = 1; b < blocks; ++b) threads.emplace_back(run_block, b);
    } catch (const std::system_error&) {
      all_there.set_value(false);
      throw Error("no more than " + std::to_string(threads.size() + 1) + " of " +
                  std::to_string(blocks) +
                  " threads could be started that wait for each other; use fewer (--threads)");
    }
    all_there.set_value(true);
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

/// How far the team is with a launch.
class Progress {
 public:
  /// Runs blocks while there are any, and returns when all are done.
  void take_part(const RecordedLaunch& launch) {
    const auto blocks = static_cast<std::uint32_t>(launch.config.grid.count());
    std::uint32_t block = next_.fetch_add(1, std::memory_order_relaxed);
    if (block < blocks) {
      Emulator emulator(launch.config, launch.body);
      std::uint32_t ran = 0;
      // A block that throws counts as done, or the others would wait for ever.
      struct Count {
        ~Count() { progress.add_done(ran, blocks); }
        Progress& progress;
        const std::uint32_t& ran;
        std::uint32_t blocks;
      } const count{*this, ran, blocks};
      for (; block < blocks; block = next_.fetch_add(1, std::memory_order_relaxed)) {
        ++ran;
        emulator.run_block(block);
      }
    }
    wait_for(blocks);
  }

 private:
  void add_done(std::uint32_t ran, std::uint32_t blocks) {
    const auto before = std::atomic_ref(done_).fetch_add(ran, std::memory_order_acq_rel);
    if (before + ran == blocks) detail::wake(&done_);
  }

  void wait_for(std::uint32_t blocks) {
    detail::Patience patience;
    for (;;) {
      const std::uint32_t done = std::atomic_ref(done_).load(std::memory_order_acquire);
      if (done >= blocks) return;
      patience.wait_while(&done_, done);
    }
  }

  alignas(64) std::atomic<std::uint32_t> next_ = 0;  // a cache line each: threads fight for them
  alignas(64) std::uint32_t done_ = 0;
};

}  // namespace

Emulation emulation() {
  return current_emulation;
}

EmulationScope::EmulationScope(const Emulation& emulation) : previous_(current_emulation) {
  current_emulation = emulation;
}
EmulationScope::EmulationScope(ThreadOrder order, std::uint32_t seed)
    : EmulationScope(Emulation{.order = order, .seed = seed}) {}

EmulationScope::~EmulationScope() {
  current_emulation = previous_;
}

bool detail::emulated() {
  return emulation().order != ThreadOrder::plain;
}

// Not std::atomic_ref's wait: libstdc++ yields before it sleeps, and on a busy machine a yield is a
// slice of the scheduler's.
void detail::Patience::wait_while(std::uint32_t* address, std::uint32_t value) {
  if (!is_over()) {
    ++spins_;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
    return;
  }
  syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void detail::wake(std::uint32_t* address) {
  syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr, nullptr,
          0);
}

std::vector<RecordedLaunch> record(const std::function<void()>& work) {
  std::vector<RecordedLaunch> launches;
  struct Scope {
    explicit Scope(std::vector<RecordedLaunch>& to) { current_recording = &to; }
    ~Scope() { current_recording = nullptr; }
  };
  const Scope scope(launches);
  work();
  return launches;
}

void run_all(const std::vector<RecordedLaunch>& launches) {
  if (emulation().order != ThreadOrder::plain) {
    for (const RecordedLaunch& launch : launches) detail::run(launch.config, launch.body);
    return;
  }
  std::vector<Progress> progress(launches.size());
  std::exception_ptr failure;
#pragma omp parallel
  try {  // an exception must not leave the region
    for (std::size_t i = 0; i < launches.size(); ++i) progress[i].take_part(launches[i]);
  } catch (...) {
#pragma omp critical(hourglass_simt_failure)
    failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

void detail::run(const LaunchConfig& config, std::function<void()> body) {
  check(config);
  if (config.grid.count() == 0) return;
  if (current_recording != nullptr) {
    current_recording->push_back({config, std::move(body)});
    return;
  }
  const bool plain = emulation().order == ThreadOrder::plain;
  if (config.cooperative && plain && config.block.count() == 1) {
    run_side_by_side(config, body);
  } else if (config.cooperative) {
    Emulator(config, body).run_grid();
  } else if (config.grid.count() > 1 && plain) {
    run_in_parallel(config, body);
  } else {
    run_serially(config, body);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
