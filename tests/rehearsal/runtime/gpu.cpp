// Without CUDA's headers, for they and the host's words share their names.
#include "rehearsal/runtime/gpu.hpp"

#include <map>
#include <stdexcept>

#include "kernels/simt/emulation.hpp"
#include "kernels/simt/host.hpp"

namespace rehearsal {
namespace {

namespace simt = hourglass::HOURGLASS_TARGET::simt;

Architecture architecture_of(const std::string& name) {
  static const std::map<std::string, Architecture> kKnown{
      {"9.0", {}},
      {"8.6",
       {.shared_bytes_asked = 99 * kKilobyte,
        .processor_shared_bytes = 100 * kKilobyte,
        .processor_threads = 1536,
        .processor_blocks = 16}},
      {"7.5",
       {.shared_bytes_asked = 64 * kKilobyte,
        .processor_shared_bytes = 64 * kKilobyte,
        .processor_threads = 1024,
        .processor_blocks = 16}},
      {"not cooperative", {.cooperates = false}},
      {"few registers", {.processor_registers = 32768, .registers_of_train = 168}}};
  const auto found = kKnown.find(name);
  if (found != kKnown.end()) return found->second;
  throw std::invalid_argument("no architecture '" + name + "' is played");
}

}  // namespace

Architecture& architecture() {
  static Architecture played;
  return played;
}

Playing::Playing(const std::string& name) : usual_(architecture()) {
  architecture() = architecture_of(name);
}

void play(simt::LaunchConfig config, const std::function<void()>& body) {
  const bool few = config.grid.count() * config.block.count() <= thread_by_thread;
  const bool by_thread = few || config.cooperative;  // blocks that wait for each other: together
  if (!by_thread) config.block = {};
  const simt::EmulationScope scope(by_thread ? simt::ThreadOrder::forward
                                             : simt::ThreadOrder::plain);
  simt::detail::run(config, body);
}

}  // namespace rehearsal
