#include "rehearsal/core/library.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>

namespace rehearsal {
namespace {

struct Handles {
  std::map<const void*, std::string> kinds;  // of those that live
  std::map<std::string, std::size_t> made;

  Handles() {
    const int registered = std::atexit([] {
      if (const std::string left = what_is_left(); !left.empty()) {
        std::fprintf(stderr, "rehearsal: at exit: never given back: %s\n", left.c_str());
        std::_Exit(1);
      }
    });
    require(registered == 0, "no leaks can be told at exit");
  }
};

Handles& handles() {
  static auto& all = *new Handles;
  return all;
}

}  // namespace

void remember(const void* handle, const std::string& kind) {
  handles().kinds[handle] = kind;
  ++handles().made[kind];
}

void forget(const void* handle) {
  handles().kinds.erase(handle);
}

bool is_known(const void* handle, std::string_view kind) {
  const auto found = handles().kinds.find(handle);
  return found != handles().kinds.end() && found->second == kind;
}

std::size_t made(const std::string& kind) {
  const std::lock_guard lock(api_lock());
  return handles().made[kind];
}

std::string what_is_left() {
  const std::lock_guard lock(api_lock());
  std::map<std::string, int> counts;
  for (const auto& [handle, kind] : handles().kinds) ++counts[kind];
  std::string text;
  for (const auto& [kind, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  }
  return text;
}

}  // namespace rehearsal
