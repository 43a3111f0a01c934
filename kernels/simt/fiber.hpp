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

/// Where a computation stands that has a stack of its own, or nothing.
///
/// Fibers here are symmetric: whoever runs goes on with any other one, and gets what it left when
/// somebody goes back to it. One must run to its end before it is destroyed; its owner sees to it.
class Fiber {
 public:
  Fiber() = default;

  /// A fiber that will run `work(Fiber left)`, given what it was come to from, and go on with the
  /// Fiber that this returns. Throws Error without memory.
  template <class Work>
  explicit Fiber(Work work) {
    const boost::context::stack_context stack = StackPool::allocate();
    stack_ = static_cast<const char*>(stack.sp) - stack.size;
    stack_bytes_ = stack.size;
    continuation_ = boost::context::fiber(
        std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack), StackPool(),
        [work](boost::context::fiber&& continuation) mutable {
          Fiber next = work(arrive(nullptr, std::move(continuation)));
          next.leave(nullptr);
          return std::move(next.continuation_);
        });
  }

  explicit operator bool() const { return static_cast<bool>(continuation_); }

  /// Goes on with this one. Returns when somebody goes back to who called it: with where that one
  /// stands, nothing if it has ended.
  [[nodiscard]] Fiber go_on() && {
    void* fake_stack = nullptr;
    leave(&fake_stack);
    return arrive(fake_stack, std::move(continuation_).resume());
  }

 private:
  /// The OS thread's stacks, kept for the next fiber.
  class StackPool {
   public:
    static boost::context::stack_context allocate();
    static void deallocate(boost::context::stack_context& stack) noexcept;
  };

#if defined(__SANITIZE_ADDRESS__)
  void leave(void** fake_stack) const {
    __sanitizer_start_switch_fiber(fake_stack, stack_, stack_bytes_);
  }
  static Fiber arrive(void* fake_stack, boost::context::fiber&& left) {
    Fiber from;
    from.continuation_ = std::move(left);
    __sanitizer_finish_switch_fiber(fake_stack, &from.stack_, &from.stack_bytes_);
    return from;
  }
#else
  void leave(void** /*fake_stack*/) const {}
  static Fiber arrive(void* /*fake_stack*/, boost::context::fiber&& left) {
    Fiber from;
    from.continuation_ = std::move(left);
    return from;
  }
#endif

  boost::context::fiber continuation_;
  const void* stack_ = nullptr;
  std::size_t stack_bytes_ = 0;
};

}  // namespace hourglass::HOURGLASS_TARGET::simt
