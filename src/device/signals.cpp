#include <signal.h>

#include <cstddef>
#include <hourglass/signals.hpp>

namespace hourglass {

void use_signal_stack() {
  stack_t old = {};
  if (sigaltstack(nullptr, &old) == 0 && (old.ss_flags & SS_DISABLE) == 0) return;
  static thread_local std::byte stack[std::size_t{64} << 10U];
  const stack_t own = {.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof(stack)};
  sigaltstack(&own, nullptr);
}

}  // namespace hourglass
