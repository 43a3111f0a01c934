// Tests of what compiles for both targets: written once, run in every way a target can run them.
//
// The CPU's ways are the plain one of production and the three thread orders of the emulation;
// CUDA's are a stream and a recorded graph. On a machine without a GPU the CUDA tests skip, by
// name.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <functional>
#include <hourglass/device.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "device/target.hpp"
#include "kernels/simt/emulation.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

enum class Way { plain, forward, reverse, shuffled, stream, graph };

inline std::string way_name(const testing::TestParamInfo<Way>& info) {
  constexpr const char* kNames[] = {"plain", "forward", "reverse", "shuffled", "stream", "graph"};
  return kNames[static_cast<int>(info.param)];
}

/// INSTANTIATE_TEST_SUITE_P(EveryWay, Suite, every_way(), way_name);
inline auto every_way() {
  if constexpr (kOnCuda) {
    return testing::Values(Way::stream, Way::graph);
  } else {
    return testing::Values(Way::plain, Way::forward, Way::reverse, Way::shuffled);
  }
}

/// The same for tests of libraries, which the emulation does not reach.
inline auto library_ways() {
  if constexpr (kOnCuda) {
    return testing::Values(Way::stream, Way::graph);
  } else {
    return testing::Values(Way::plain);
  }
}

/// All but a recorded graph, for what waits for its device between its steps.
inline auto ways_that_wait() {
  if constexpr (kOnCuda) {
    return testing::Values(Way::stream);
  } else {
    return testing::Values(Way::plain, Way::forward, Way::reverse, Way::shuffled);
  }
}

/// Why this target cannot run here, or nothing.
inline std::string target_problem() {
  std::string problem;
  for (const DeviceStatus& device : list_devices()) {
    if ((device.kind == DeviceKind::cuda) != kOnCuda) continue;
    if (device.usable) return "";
    problem = device.problem;
  }
  return problem;
}

/// Seconds by which a kernel's clock may be off: some GPUs' tick in milliseconds.
inline constexpr double kTick = kOnCuda ? 2e-3 : 0.0;

/// A fixture with a context, for tests that do not care how kernels run.
class OnTarget : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string problem = target_problem(); !problem.empty()) {
      GTEST_SKIP() << "no GPU for this test: " << problem;
    }
    context_ = std::make_unique<math::Context>();
  }

  [[nodiscard]] static Device device() { return select_device(kOnCuda ? "cuda" : "cpu"); }
  math::Context& context() { return *context_; }
  device::Stream& stream() { return context_->stream(); }

  template <class T>
  device::Buffer<T> to_device(const std::vector<T>& values) {
    return device::to_device<T>(stream(), std::span<const T>(values));
  }
  template <class T>
  std::vector<T> to_host(const device::Buffer<T>& buffer) {
    std::vector<T> values(buffer.size());
    device::copy_to_host<T>(stream(), buffer.span(), values);
    return values;
  }
  /// A buffer of values that no kernel writes by chance: what is still there was not written.
  template <std::floating_point T = float>
  device::Buffer<T> poisoned(std::size_t size) {
    return to_device(std::vector<T>(size, T{kPoison}));
  }
  /// The same with kTail more values, which `written` wants to find as they were.
  template <std::floating_point T = float>
  device::Buffer<T> output(std::size_t size) {
    return poisoned<T>(size + kTail);
  }
  /// What was written to an `output`.
  template <std::floating_point T>
  std::vector<T> written(const device::Buffer<T>& output) {
    std::vector<T> values = to_host(output);
    for (std::size_t i = values.size() - kTail; i < values.size(); ++i) {
      EXPECT_EQ(values[i], T{kPoison}) << "written beyond the end, value " << i;
    }
    values.resize(values.size() - kTail);
    return values;
  }

  static constexpr float kPoison = -12345.678f;
  static constexpr std::size_t kTail = 5;

 private:
  std::unique_ptr<math::Context> context_;
};

/// A fixture for kernels: run(work) runs the launches in `work` in the way of the parameter, once.
class KernelTest : public OnTarget, public testing::WithParamInterface<Way> {
 protected:
  void run(const std::function<void()>& work) { run_as(GetParam(), work); }

  /// The other way of which the results must have the same bits as in the way of the parameter:
  /// blocks of one thread apart, no result depends on when which thread runs.
  static Way twin() {
    switch (GetParam()) {
      case Way::graph:
        return Way::stream;
      case Way::reverse:
      case Way::shuffled:
        return Way::forward;
      default:
        return GetParam();
    }
  }

  void run_as(Way way, const std::function<void()>& work) {
    switch (way) {
      case Way::graph: {
        const device::Graph graph = device::Graph::record(stream(), work);
        graph.launch(stream());
        stream().synchronize();
        return;
      }
      case Way::forward:
        return emulate(ThreadOrder::forward, work);
      case Way::reverse:
        return emulate(ThreadOrder::reverse, work);
      case Way::shuffled:
        return emulate(ThreadOrder::shuffled, work);
      case Way::plain:
      case Way::stream:
        work();
        stream().synchronize();
    }
  }

 private:
  using ThreadOrder = simt::ThreadOrder;

  static void emulate(ThreadOrder order, const std::function<void()>& work) {
    if constexpr (!kOnCuda) {
      const simt::EmulationScope scope(order);
      work();
    }
  }
};

}  // namespace hourglass::HOURGLASS_TARGET
