// What stands in for NVIDIA's libraries is strict first: every call is held to its manual, and a
// breach ends the process with one line that names the call, the rule, and where it is written.
// Faults on purpose: any call may fail, so each is made to, one after the other.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>

namespace rehearsal {

/// The call that rules are now checked for: the running thread's, or, while queued work is done,
/// the one that queued it.
class Call {
 public:
  explicit Call(std::string name) : outer_(std::exchange(current(), std::move(name))) {}
  ~Call() { current() = std::move(outer_); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  static std::string& current();

 private:
  std::string outer_;
};

[[noreturn]] void breach(const std::string& rule);

template <class... Text>
void require(bool kept, const Text&... rule) {
  if (kept) return;
  std::ostringstream text;
  (text << ... << rule);
  breach(text.str());
}

/// One call at a time, and the work it waits for: no true concurrency is shown here.
std::recursive_mutex& api_lock();

/// How often each has happened until now: calls by name; kernels, recorded ones too, as "kernels"
/// when they run; the host's waits for queued work as "waits".
using Counts = std::map<std::string, std::size_t>;
[[nodiscard]] Counts counts();
void count(const std::string& what);

enum class Fault {
  call,         ///< one call fails, whichever it is: an allocation finds no memory
  device_lost,  ///< a call fails, and all that follow
};

/// From now on the k-th call fails, counted from 1; 0: none does.
void inject(Fault fault, std::size_t k);
/// The call that was made to fail, or nothing.
[[nodiscard]] std::string failed_call();
[[nodiscard]] bool must_fail(const char* name);
[[nodiscard]] bool device_is_lost();

}  // namespace rehearsal
