// Boost.Context's fiber on a pooled stack, with AddressSanitizer kept informed.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace hourglass::HOURGLASS_TARGET::simt {

/// Where a computation stands that has its own stack, or nothing.
///
/// Fibers here are asymmetric: resume() runs one until it calls its Caller's suspend() or ends.
/// One must run to its end before it is destroyed; its owner sees to that.
class Fiber {
 public:
  /// The other side: what a running fiber goes back to.
  class Caller {
   public:
    /// Goes back; returns when the fiber is resumed.
    void suspend() {
      void* fake_stack = nullptr;
      leave(&fake_stack, stack_, stack_bytes_);
      continuation_ = std::move(continuation_).resume();
      arrive(fake_stack, &stack_, &stack_bytes_);
    }

   private:
    friend class Fiber;
    boost::context::fiber continuation_;
    const void* stack_ = nullptr;
    std::size_t stack_bytes_ = 0;
  };

  Fiber() = default;

  /// A fiber that will run `work()`, which goes back through `caller`. Throws Error without memory.
  template <class Work>
  Fiber(Caller& caller, Work work) : stack_(StackPool::allocate()) {
    const boost::context::preallocated memory(stack_.sp, stack_.size, stack_);
    continuation_ = boost::context::fiber(std::allocator_arg, memory, StackPool(),
                                          [&caller, work](boost::context::fiber&& from) mutable {
                                            caller.continuation_ = std::move(from);
                                            arrive(nullptr, &caller.stack_, &caller.stack_bytes_);
                                            work();
                                            leave(nullptr, caller.stack_, caller.stack_bytes_);
                                            return std::move(caller.continuation_);
                                          });
  }

  explicit operator bool() const { return static_cast<bool>(continuation_); }

  /// Runs on. Returns the fiber as it stands when it suspends, nothing when it has ended.
  [[nodiscard]] Fiber resume() && {
    void* fake_stack = nullptr;
    leave(&fake_stack, static_cast<const char*>(stack_.sp) - stack_.size, stack_.size);
    continuation_ = std::move(continuation_).resume();
    arrive(fake_stack, nullptr, nullptr);
    return std::move(*this);
  }

 private:
  /// The OS thread's stacks, kept for the next fiber.
  class StackPool {
   public:
    static boost::context::stack_context allocate();
    static void deallocate(boost::context::stack_context& stack) noexcept;
  };

#if defined(__SANITIZE_ADDRESS__)
  static void leave(void** fake_stack, const void* to, std::size_t bytes) {
    __sanitizer_start_switch_fiber(fake_stack, to, bytes);
  }
  static void arrive(void* fake_stack, const void** from, std::size_t* bytes) {
    __sanitizer_finish_switch_fiber(fake_stack, from, bytes);
  }
#else
  static void leave(void** /*fake_stack*/, const void* /*to*/, std::size_t /*bytes*/) {}
  static void arrive(void* /*fake_stack*/, const void** /*from*/, std::size_t* /*bytes*/) {}
#endif

  boost::context::fiber continuation_;
  boost::context::stack_context stack_;
};

}  // namespace hourglass::HOURGLASS_TARGET::simt
