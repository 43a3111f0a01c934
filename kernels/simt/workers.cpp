#include "kernels/simt/workers.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <hourglass/device.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace hourglass {

/// Owned by all who may still look at it. Its work lives in the caller's frame, and is touched only by
/// who has taken a piece: until that is finished, the caller stays.
struct Job {
  Job(std::size_t pieces_, const std::function<void(Pieces&)>& work_)
      : pieces(pieces_), work(work_) {}

  [[nodiscard]] bool take(std::size_t& piece) {
    piece = next.load(std::memory_order_relaxed);
    if (piece >= pieces) return false;  // who comes late leaves the counter alone
    piece = next.fetch_add(1, std::memory_order_relaxed);
    return piece < pieces;
  }

  /// Takes part, if a piece is left. Pieces that a failure leaves undone count as finished.
  void join() {
    std::size_t first = 0;
    if (!take(first)) return;
    Pieces mine(*this, first);
    std::size_t undone = 0;
    try {
      work(mine);
    } catch (...) {
      undone = pieces - std::min(pieces, next.exchange(pieces, std::memory_order_relaxed));
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
    const std::size_t count = mine.taken() + undone;
    if (finished.fetch_add(count, std::memory_order_acq_rel) + count == pieces) {
      const std::lock_guard lock(mutex);
      all_finished.notify_one();
    }
  }

  const std::size_t pieces;
  const std::function<void(Pieces&)>& work;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> finished = 0;
  std::mutex mutex;  // guards the failure, and the sleep of who waits
  std::condition_variable all_finished;
  std::exception_ptr failure;
};

bool Pieces::next(std::size_t& piece) {
  if (!begun_) {
    begun_ = true;
    piece = first_;
    return true;
  }
  if (!job_.take(piece)) return false;
  ++taken_;
  return true;
}

namespace {

thread_local bool alone = false;

/// Some 20 to 50 microseconds, longer than the gaps between the kernels of a training step.
constexpr int kSpins = 2000;

/// Until `done`, or not much longer than going to sleep and waking up would take.
template <class Done>
bool spin_until(Done done) {
  for (int i = 0; i < kSpins; ++i) {
    if (done()) return true;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
  }
  return done();
}

class Workers {
 public:
  ~Workers() { resize(0); }

  /// False if another thread's job is running.
  bool run(std::size_t threads, std::size_t pieces, const std::function<void(Pieces&)>& work) {
    const std::unique_lock only(running_, std::try_to_lock);
    if (!only) return false;
    if (threads_.size() != threads - 1) resize(threads - 1);
    const auto job = std::make_shared<Job>(pieces, work);
    publish(job, pieces - 1);
    alone = true;
    job->join();
    alone = false;
    const auto finished = [&] { return job->finished.load(std::memory_order_acquire) == pieces; };
    if (!spin_until(finished)) {
      std::unique_lock lock(job->mutex);
      job->all_finished.wait(lock, finished);
    }
    const std::lock_guard lock(job->mutex);
    if (job->failure) std::rethrow_exception(job->failure);
    return true;
  }

 private:
  void publish(std::shared_ptr<Job> job, std::size_t helpers) {
    std::size_t sleepers = 0;
    {
      const std::lock_guard lock(mutex_);
      job_ = std::move(job);
      jobs_.fetch_add(1, std::memory_order_release);
      sleepers = sleepers_;
    }
    for (std::size_t i = 0; i < std::min(helpers, sleepers); ++i) published_.notify_one();
  }

  void work() {
    alone = true;
    std::uint64_t seen = 0;
    while (true) {
      const auto published = [&] { return jobs_.load(std::memory_order_acquire) != seen; };
      const bool soon = spin_until(published);
      std::shared_ptr<Job> job;
      {
        std::unique_lock lock(mutex_);
        if (!soon) {
          ++sleepers_;
          published_.wait(lock, published);
          --sleepers_;
        }
        seen = jobs_.load(std::memory_order_relaxed);
        job = job_;
      }
      if (!job) return;
      job->join();
    }
  }

  void resize(std::size_t count) {
    publish(nullptr, threads_.size());
    threads_.clear();  // joins
    jobs_ = 0;
    while (threads_.size() < count) threads_.emplace_back([this] { work(); });
  }

  std::mutex running_;  // held for as long as a job takes
  std::vector<std::jthread> threads_;
  std::mutex mutex_;  // guards the job, and the sleep of who waits for one
  std::condition_variable published_;
  std::shared_ptr<Job> job_;
  std::atomic<std::uint64_t> jobs_ = 0;
  std::size_t sleepers_ = 0;
};

}  // namespace

void in_parallel(std::size_t pieces, const std::function<void(Pieces&)>& work) {
  if (pieces == 0) return;
  static Workers workers;
  const auto threads = static_cast<std::size_t>(cpu_threads());
  if (pieces > 1 && threads > 1 && !alone && workers.run(threads, pieces, work)) return;
  Job job(pieces, work);
  job.join();
  if (job.failure) std::rethrow_exception(job.failure);
}

void work_alone() {
  alone = true;
}

}  // namespace hourglass
