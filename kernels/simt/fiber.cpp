// The pool of stacks behind Fiber.
#include "kernels/simt/fiber.hpp"

#include <sys/mman.h>

#include <boost/context/stack_traits.hpp>
#include <cstddef>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

namespace hourglass::HOURGLASS_TARGET::simt {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStackBytes =
    std::size_t{256} * 1024;  // redzones, and ASan prints its reports from here
#else
constexpr std::size_t kStackBytes = std::size_t{64} * 1024;
#endif

/// An overflow hits a page that faults. Only so many stacks have one: each costs two mappings, and
/// Linux allows a process 65,530.
constexpr std::size_t kMaxGuarded = 8192;

/// The stacks one OS thread's fibers have used. Mapping one costs more than a small kernel.
struct Stacks {
  std::vector<void*> all;
  std::vector<boost::context::stack_context> idle;

  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  ~Stacks() {
    for (void* stack : all) munmap(stack, kStackBytes);
  }

  boost::context::stack_context map_another() {
    const std::size_t guard_bytes = boost::context::stack_traits::page_size();
    void* bytes = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const bool guarded = all.size() < kMaxGuarded;
    if (bytes == MAP_FAILED || (guarded && mprotect(bytes, guard_bytes, PROT_NONE) != 0)) {
      throw Error("simt: no memory for the stack of another waiting thread after " +
                  std::to_string(all.size()) + "; let fewer threads wait at a time");
    }
    all.push_back(bytes);
    boost::context::stack_context stack;
    stack.size = kStackBytes - guard_bytes;
    stack.sp = static_cast<char*>(bytes) + kStackBytes;  // stacks grow down
    return stack;
  }
};

thread_local Stacks stacks;

}  // namespace

boost::context::stack_context Fiber::StackPool::allocate() {
  if (stacks.idle.empty()) return stacks.map_another();
  const boost::context::stack_context stack = stacks.idle.back();
  stacks.idle.pop_back();
  return stack;
}

void Fiber::StackPool::deallocate(boost::context::stack_context& stack) noexcept {
  stacks.idle.push_back(stack);
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
