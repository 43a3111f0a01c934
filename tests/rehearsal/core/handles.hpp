// Whatever a library hands out by an opaque pointer: made, known while it lives, given back.
#pragma once

#include <cstddef>
#include <string>

#include "rehearsal/core/rules.hpp"

namespace rehearsal {

void remember(const void* handle, const char* kind);
void forget(const void* handle);
[[nodiscard]] bool is_known(const void* handle, const char* kind);
/// How many of a kind were made, until now.
[[nodiscard]] std::size_t made(const std::string& kind);
/// At the process's end, after all that was made later than the first call of this.
void report_leaks_at_exit();
/// "2 cudaStream_t, 1 buffer of 40 bytes", or nothing.
[[nodiscard]] std::string what_is_left();

/// A new T, which the API calls `T::kKind`.
template <class T, class... Arguments>
T* make(Arguments&&... arguments) {
  auto* handle = new T{std::forward<Arguments>(arguments)...};
  remember(handle, T::kKind);
  return handle;
}

template <class T>
T& known(T* handle) {
  require(is_known(handle, T::kKind), "a ", T::kKind,
          " that was not made, or is destroyed (its reference: \"a valid handle\")");
  return *handle;
}

template <class T>
void destroy(T* handle) {
  known(handle);
  forget(handle);
  delete handle;
}

}  // namespace rehearsal
