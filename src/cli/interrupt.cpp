#include "cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "files/atomic_file.hpp"

namespace hourglass::cli {
namespace {

volatile std::sig_atomic_t signal_came = 0;

// Only async-signal-safe calls from here on.
[[noreturn]] void end_now() {
  constexpr std::string_view kMessage = "hourglass: error: interrupted\n";
  files::remove_temporaries();
  static_cast<void>(!write(STDERR_FILENO, kMessage.data(), kMessage.size()));
  _exit(1);
}

void note(int /*signal*/) {
  if (signal_came != 0) end_now();
  signal_came = 1;
  alarm(1);
}

void give_up_waiting(int /*signal*/) {
  end_now();
}

}  // namespace

void watch_for_interrupts() {
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
  std::signal(SIGALRM, give_up_waiting);
  std::signal(SIGXFSZ,
              SIG_IGN);  // a file beyond the limit (ulimit -f) is an error like a full disk
}

bool interrupted() {
  if (signal_came == 0) return false;
  alarm(0);
  return true;
}

void stop_if_interrupted() {
  if (interrupted()) throw Interrupted("interrupted");
}

}  // namespace hourglass::cli
