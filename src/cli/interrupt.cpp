#include "cli/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <hourglass/signals.hpp>
#include <hourglass/stop.hpp>
#include <string_view>

#include "files/atomic_file.hpp"

namespace hourglass::cli {
namespace {

std::atomic<bool> signal_came = false;  // asked from several threads
static_assert(std::atomic<bool>::is_always_lock_free, "or a signal handler must not touch it");

// Only async-signal-safe calls from here on.
[[noreturn]] void end_now() {
  constexpr std::string_view kMessage = "hourglass: error: interrupted\n";
  files::remove_temporaries();
  static_cast<void>(!write(STDERR_FILENO, kMessage.data(), kMessage.size()));
  _exit(1);
}

void note(int /*signal*/) {
  alarm(1);  // before the flag: who sees it takes the alarm back
  if (signal_came.exchange(true)) end_now();
}

void give_up_waiting(int /*signal*/) {
  end_now();
}

/// On a stack of its own: see <hourglass/signals.hpp>.
void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void watch_for_interrupts() {
  use_signal_stack();
  handle(SIGINT, note);
  handle(SIGTERM, note);
  struct sigaction given = {};  // nohup has it ignored
  sigaction(SIGHUP, nullptr, &given);
  if (given.sa_handler != SIG_IGN) handle(SIGHUP, note);
  handle(SIGALRM, give_up_waiting);
  std::signal(SIGXFSZ,
              SIG_IGN);  // a file beyond the limit (ulimit -f) is an error like a full disk
}

bool interrupted() {
  if (!signal_came) return false;
  alarm(0);
  return true;
}

void stop_if_interrupted() {
  if (interrupted()) throw Stopped("interrupted");
}

}  // namespace hourglass::cli
