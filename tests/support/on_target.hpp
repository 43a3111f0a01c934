// Tests of what compiles for both targets: written once, run in every way a target can run them.
//
// The CPU's ways are the plain one of production and the three thread orders of the emulation; CUDA's
// are a stream and a recorded graph. On a machine without a GPU the CUDA tests skip, by name.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <hourglass/device.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "math/context.hpp"
#include "math/layout.hpp"
#include "simt/emulation.hpp"

namespace hourglass::HOURGLASS_TARGET {

enum class Way { plain, forward, reverse, shuffled, stream, graph };

inline constexpr bool kOnCuda = math::kImageLayout == ImageLayout::nchw;

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

/// A fixture with a context, for tests that do not care how kernels run.
class OnTarget : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string problem = target_problem(); !problem.empty()) {
      GTEST_SKIP() << "no GPU for this test: " << problem;
    }
    context_ = std::make_unique<math::Context>();
  }

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
  device::Buffer<float> poisoned(std::size_t size) {
    return to_device(std::vector<float>(size, kPoison));
  }

  static constexpr float kPoison = -12345.678f;

 private:
  std::unique_ptr<math::Context> context_;
};

/// A fixture for kernels: run(work) runs the launches in `work` in the way of the parameter, once.
class KernelTest : public OnTarget, public testing::WithParamInterface<Way> {
 protected:
  void run(const std::function<void()>& work) {
    switch (GetParam()) {
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
  using ThreadOrder = cpu::simt::ThreadOrder;

  static void emulate(ThreadOrder order, const std::function<void()>& work) {
#if HOURGLASS_HAS_CPU
    const cpu::simt::EmulationScope scope(order);
    work();
#else
    FAIL() << "no CPU target in this build, so no emulation";
#endif
  }
};

}  // namespace hourglass::HOURGLASS_TARGET
