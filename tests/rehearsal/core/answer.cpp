#include "rehearsal/core/answer.hpp"

#include <string_view>

namespace rehearsal {
namespace {

struct {
  Fault fault = Fault::call;
  std::size_t at = 0;
  std::size_t counted = 0;
  std::string failed;
} injection;

}  // namespace

void inject(Fault fault, std::size_t k) {
  const std::lock_guard lock(api_lock());
  injection = {fault, k, 0, ""};
}

std::size_t calls() {
  return injection.counted;
}

std::string failed_call() {
  return injection.failed;
}

Fate fate(const char* name) {
  if (injection.fault == Fault::memory && std::string_view(name) != "cudaMalloc") {
    return Fate::succeeds;
  }
  ++injection.counted;
  if (injection.fault == Fault::device_lost && !injection.failed.empty()) return Fate::device_lost;
  if (injection.counted != injection.at) return Fate::succeeds;
  injection.failed = name;
  return injection.fault == Fault::device_lost ? Fate::device_lost : Fate::fails;
}

}  // namespace rehearsal
