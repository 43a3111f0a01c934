#include "rehearsal/core/rules.hpp"

#include <cstdio>
#include <cstdlib>

namespace rehearsal {

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

}  // namespace rehearsal
