// The CPU's threads, as many as cpu_threads() says. A job comes in pieces, and whoever is free takes
// the next: nobody waits for a thread that has not got a core yet. Who waits spins for some
// microseconds and then sleeps: a thread that keeps spinning takes a busy machine's cores from
// those it waits for.
#pragma once

#include <cstddef>
#include <functional>

namespace hourglass {

struct Job;

/// The pieces of a job that fall to one thread, which has taken the first before it begins.
class Pieces {
 public:
  Pieces(Job& job, std::size_t first) : job_(job), first_(first) {}

  /// The next piece, or false when none is left.
  [[nodiscard]] bool next(std::size_t& piece);
  [[nodiscard]] std::size_t taken() const { return taken_; }

 private:
  Job& job_;
  std::size_t first_;
  bool begun_ = false;
  std::size_t taken_ = 1;
};

/// Each thread that takes part calls work(its pieces) once, this thread among them; returns when
/// all are done. Rethrows what a work throws. Serial within a job, beside another thread's job, and
/// after work_alone().
void in_parallel(std::size_t pieces, const std::function<void(Pieces&)>& work);

/// body(i) for each i below n, in any order.
template <class Body>
void for_each_in_parallel(std::size_t n, Body&& body) {
  in_parallel(n, [&body](Pieces& mine) {
    for (std::size_t i = 0; mine.next(i);) body(i);
  });
}

/// Jobs of the calling thread are its own from now on.
void work_alone();

}  // namespace hourglass
