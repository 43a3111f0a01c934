// The frame of the functions that answer with a status, and faults on purpose: any call of a
// library may fail, so each is made to, one after the other.
#pragma once

#include <cstddef>
#include <string>

#include "rehearsal/core/rules.hpp"

namespace rehearsal {

enum class Fault {
  call,         ///< one call fails, whichever it is
  memory,       ///< one allocation finds no memory
  device_lost,  ///< a call fails, and all that follow
};

/// From now on the k-th call (or allocation) fails, counted from 1; 0: none does.
void inject(Fault fault, std::size_t k);
/// Since then.
[[nodiscard]] std::size_t calls();
/// The call that was made to fail, or nothing.
[[nodiscard]] std::string failed_call();

enum class Fate { succeeds, fails, device_lost };
[[nodiscard]] Fate fate(const char* name);

/// A library's function: `failure` if it must fail, else what `body` does, and `success`.
template <class Status, class Body>
Status answer(const char* name, Status success, Status failure, Body body) {
  const std::lock_guard lock(api_lock());
  const Call call(name);
  if (fate(name) != Fate::succeeds) return failure;
  body();
  return success;
}

/// The same for what gives something back, which is gone whatever the answer.
template <class Status, class Body>
Status answer_release(const char* name, Status success, Status failure, Body body) {
  const std::lock_guard lock(api_lock());
  const Call call(name);
  const bool fails = fate(name) != Fate::succeeds;
  body();
  return fails ? failure : success;
}

}  // namespace rehearsal
