#include "rehearsal/core/call.hpp"

#include <cstdio>
#include <cstdlib>

namespace rehearsal {
namespace {

struct {
  Fault fault = Fault::call;
  std::size_t at = 0;
  std::size_t counted = 0;
  std::string failed;
} injection;

auto& counted = *new Counts;

}  // namespace

std::string& Call::current() {
  thread_local std::string name;
  return name;
}

void breach(const std::string& rule) {
  const std::string& call = Call::current();
  std::fprintf(stderr, "rehearsal: %s: %s\n", call.empty() ? "host code" : call.c_str(),
               rule.c_str());
  std::abort();
}

std::recursive_mutex& api_lock() {
  static std::recursive_mutex lock;
  return lock;
}

Counts counts() {
  const std::lock_guard lock(api_lock());
  return counted;
}

void count(const std::string& what) {
  ++counted[what];
}

void inject(Fault fault, std::size_t k) {
  const std::lock_guard lock(api_lock());
  injection = {fault, k, 0, ""};
}

std::string failed_call() {
  return injection.failed;
}

bool must_fail(const char* name) {
  count(name);
  if (device_is_lost()) return true;
  if (++injection.counted != injection.at) return false;
  injection.failed = name;
  return true;
}

bool device_is_lost() {
  return injection.fault == Fault::device_lost && !injection.failed.empty();
}

}  // namespace rehearsal
