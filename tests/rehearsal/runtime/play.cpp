#include "rehearsal/runtime/play.hpp"

#include "kernels/simt/emulation.hpp"
#include "kernels/simt/host.hpp"

namespace rehearsal {

namespace simt = hourglass::HOURGLASS_TARGET::simt;

void play(simt::LaunchConfig config, const std::function<void()>& body) {
  const bool few = config.grid.count() * config.block.count() <= thread_by_thread;
  const bool by_thread = few || config.cooperative;  // blocks that wait for each other: together
  if (!by_thread) config.block = {};
  const simt::EmulationScope scope(by_thread ? simt::ThreadOrder::forward
                                             : simt::ThreadOrder::plain);
  simt::detail::run(config, body);
}

}  // namespace rehearsal
