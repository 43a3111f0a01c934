// How the functions of a library answer, and what they hand out by opaque pointers: made, known
// while it lives, given back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "rehearsal/core/call.hpp"

namespace rehearsal {

void remember(const void* handle, const std::string& kind);
void forget(const void* handle);
[[nodiscard]] bool is_known(const void* handle, std::string_view kind);
/// How many of a kind were made, until now.
[[nodiscard]] std::size_t made(const std::string& kind);
/// "1 buffer of 40 bytes, 2 cudaStream_t", or nothing. At exit that is told.
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

/// A library whose functions answer with a status: 0 where all is well.
template <auto failure>
struct Library {
  using Status = decltype(failure);
  static inline thread_local Status last_failure{};

  /// `fails` if the call must fail, else what `body` does: with success, or the status it returns.
  template <class Body>
  static Status call(const char* name, Body body, Status fails = failure) {
    const std::lock_guard lock(api_lock());
    const Call call(name);
    Status status{};
    if (must_fail(name)) {
      status = device_is_lost() ? failure : fails;
    } else if constexpr (std::is_void_v<decltype(body())>) {
      body();
    } else {
      status = body();
    }
    if (status != Status{}) last_failure = status;
    return status;
  }

  /// The same for what gives something back, which is gone whatever the answer.
  template <class Body>
  static Status give_back(const char* name, Body body) {
    const std::lock_guard lock(api_lock());
    const Call call(name);
    const bool fails = must_fail(name);
    body();
    return fails ? last_failure = failure : Status{};
  }

  template <class T>
  static Status create(const char* name, T** made) {
    return call(name, [&] { *made = make<T>(); });
  }
  template <class T>
  static Status give_back(const char* name, T* given) {
    return give_back(name, [&] { destroy(given); });
  }
};

}  // namespace rehearsal
