#include "rehearsal/runtime/architecture.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace rehearsal {

Architecture architecture_of(std::string_view name) {
  constexpr std::size_t kKilobyte = 1024;
  if (name == "9.0") return {};
  if (name == "8.6") {
    return {.shared_bytes_asked = 99 * kKilobyte,
            .processor_shared_bytes = 100 * kKilobyte,
            .processor_threads = 1536,
            .processor_blocks = 16};
  }
  if (name == "7.5") {
    return {.shared_bytes_asked = 64 * kKilobyte,
            .processor_shared_bytes = 64 * kKilobyte,
            .processor_threads = 1024,
            .processor_blocks = 16};
  }
  if (name == "not cooperative") return {.cooperates = false};
  if (name == "few registers") return {.processor_registers = 32768, .registers_of_train = 168};
  throw std::invalid_argument("no architecture '" + std::string(name) + "' is played");
}

Architecture& architecture() {
  static Architecture played = [] {
    const char* const name = std::getenv("REHEARSAL_ARCHITECTURE");
    return name == nullptr ? Architecture{} : architecture_of(name);
  }();
  return played;
}

}  // namespace rehearsal
