#include "rehearsal/core/handles.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "rehearsal/core/memory.hpp"

namespace rehearsal {
namespace {

std::map<const void*, std::string_view>& handles() {
  static auto& all = *new std::map<const void*, std::string_view>;
  report_leaks_at_exit();
  return all;
}

std::map<std::string, std::size_t>& made_until_now() {
  static auto& all = *new std::map<std::string, std::size_t>;
  return all;
}

}  // namespace

void report_leaks_at_exit() {
  static const int registered = std::atexit([] {
    if (const std::string left = what_is_left(); !left.empty()) {
      std::fprintf(stderr, "rehearsal: at exit: never given back: %s\n", left.c_str());
      std::_Exit(1);
    }
  });
  require(registered == 0, "no leaks can be told at exit");
}

void remember(const void* handle, const char* kind) {
  handles()[handle] = kind;
  ++made_until_now()[kind];
}

void forget(const void* handle) {
  handles().erase(handle);
}

bool is_known(const void* handle, const char* kind) {
  const auto found = handles().find(handle);
  return found != handles().end() && found->second == kind;
}

std::size_t made(const std::string& kind) {
  const std::lock_guard lock(api_lock());
  return made_until_now()[kind];
}

std::string what_is_left() {
  const std::lock_guard lock(api_lock());
  std::map<std::string, int> counts;
  for (const auto& [handle, kind] : handles()) ++counts[std::string(kind)];
  for (const std::size_t bytes : live_buffers()) {
    ++counts["buffer of " + std::to_string(bytes) + " bytes"];
  }
  std::string text;
  for (const auto& [kind, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  }
  return text;
}

}  // namespace rehearsal
