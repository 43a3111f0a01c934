// Long calls: without the interpreter's lock, and with Ctrl-C.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <chrono>
#include <hourglass/stop.hpp>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace hourglass::python {

namespace nb = nanobind;

/// Before work on the CPU: threads of OpenMP are each caller's own affair, so every call says how
/// many. 0: what the machine gives.
void choose_threads(int threads);
void use_chosen_threads();

/// As Python's `if` has it.
inline bool is_true(const nb::object& answer) {
  return static_cast<bool>(nb::bool_(answer));
}

/// What may end a long call: Ctrl-C, or a Python callback that raises. The library is told by its
/// StopRequest, and the call then raises what came.
class Interrupt {
 public:
  /// Asked from any thread, often. Python looks for signals in its main thread alone, so only the
  /// thread that made the call looks, and seldom.
  [[nodiscard]] StopRequest request() {
    return [this] { return asked(); };
  }

  /// Calls Python from a callback of the library. `function` returns whether to go on.
  template <class Function>
  void call(Function function) {
    const nb::gil_scoped_acquire lock;
    if (error_) return;
    try {
      if (!function()) ended_ = stop_ = true;
    } catch (nb::python_error& error) {
      keep(std::move(error));
    }
  }

  /// Whether a callback said that it is enough.
  [[nodiscard]] bool ended() const { return ended_; }

  /// With the lock held: throws what was kept.
  void raise_kept() {
    if (error_) throw nb::python_error(std::move(*error_));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto kBetweenLooks = std::chrono::milliseconds(50);

  bool asked() {
    if (stop_) return true;
    if (std::this_thread::get_id() != caller_ || Clock::now() < next_look_) return false;
    next_look_ = Clock::now() + kBetweenLooks;
    const nb::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() == 0) return false;
    keep(nb::python_error());
    return true;
  }

  void keep(nb::python_error error) {
    error_.emplace(std::move(error));
    stop_ = true;
  }

  std::thread::id caller_ = std::this_thread::get_id();
  Clock::time_point next_look_ = Clock::now();
  std::atomic<bool> stop_ = false;
  bool ended_ = false;
  std::optional<nb::python_error> error_;
};

/// work(interrupt) without the lock. Whatever Python raised meanwhile is raised here.
template <class Work>
auto long_call(Work work) {
  Interrupt interrupt;
  try {
    const auto unlocked = [&] {
      const nb::gil_scoped_release unlock;
      use_chosen_threads();
      return work(interrupt);
    };
    if constexpr (std::is_void_v<std::invoke_result_t<Work, Interrupt&>>) {
      unlocked();
      interrupt.raise_kept();
    } else {
      auto result = unlocked();
      interrupt.raise_kept();
      return result;
    }
  } catch (const Stopped&) {
    interrupt.raise_kept();
    throw;
  }
}

/// At most ten times a second, and the last time: what a progress bar needs.
class Seldom {
 public:
  [[nodiscard]] bool due(bool last) {
    const auto now = std::chrono::steady_clock::now();
    if (!last && now < next_) return false;
    next_ = now + std::chrono::milliseconds(100);
    return true;
  }

 private:
  std::chrono::steady_clock::time_point next_;
};

}  // namespace hourglass::python
