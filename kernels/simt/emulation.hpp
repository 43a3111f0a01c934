// How the host runs kernels: plainly, or as tests want it, thread by thread in a chosen order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hourglass::HOURGLASS_TARGET::simt {

/// In which order the threads of a block, and the blocks of a grid, run from one barrier to the
/// next. A kernel whose results differ between the orders has a race.
enum class ThreadOrder {
  plain,     ///< Production: blocks of one thread, in parallel over the CPU's cores.
  forward,   ///< Emulation, one CPU thread: 0, 1, 2, ...
  reverse,   ///< Emulation: the last first.
  shuffled,  ///< Emulation: at random, anew after each barrier.
};

struct Emulation {
  ThreadOrder order = ThreadOrder::plain;
  std::uint32_t seed = 1;                 ///< For ThreadOrder::shuffled.
  std::size_t shared_bytes = 227 * 1024;  ///< That a block may have, as on sm_90.
};

/// What launches do now.
[[nodiscard]] Emulation emulation();

/// Makes all launches of the process run in this order while it lives. Scopes nest.
class EmulationScope {
 public:
  explicit EmulationScope(const Emulation& emulation);
  explicit EmulationScope(ThreadOrder order, std::uint32_t seed = 1);
  ~EmulationScope();
  EmulationScope(const EmulationScope&) = delete;
  EmulationScope& operator=(const EmulationScope&) = delete;

 private:
  Emulation previous_;
};

}  // namespace hourglass::HOURGLASS_TARGET::simt
