#include "kernels/simt/emulator.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <hourglass/error.hpp>
#include <limits>
#include <new>
#include <sstream>
#include <utility>

namespace hourglass::HOURGLASS_TARGET::simt {

namespace {

constexpr std::align_val_t kSharedAlignment{128};  // as cuda.hpp declares it

thread_local Emulator* running_emulator = nullptr;

/// Thrown through a waiting thread's kernel when the launch has failed elsewhere.
struct Unwind {};

Dim3 unflatten(std::size_t i, const Dim3& extent) {
  return {static_cast<unsigned>(i % extent.x), static_cast<unsigned>(i / extent.x % extent.y),
          static_cast<unsigned>(i / extent.x / extent.y)};
}

bool same_place(const Where& a, const Where& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

std::string text(const Dim3& i) {
  std::ostringstream out;
  out << '(' << i.x << ", " << i.y << ", " << i.z << ')';
  return out.str();
}

std::string text(const char* what, const Where& where) {
  return std::string(what) + " (" + where.file + ":" + std::to_string(where.line) + ")";
}

}  // namespace

// ---- set-up -------------------------------------------------------------------------------------

Emulator::Emulator(const LaunchConfig& config, const std::function<void()>& body)
    : config_(config), body_(body), order_(emulation().order), random_(emulation().seed) {
  blockDim = config.block;
  gridDim = config.grid;
  running_emulator = this;
}

Emulator::~Emulator() {
  running_emulator = nullptr;
}

Emulator& Emulator::running() {
  if (running_emulator == nullptr) throw Error("simt: a kernel's word used outside of a launch");
  return *running_emulator;
}

template <class T>
void Emulator::arrange(std::vector<T>& items) {
  if (order_ == ThreadOrder::reverse) std::reverse(items.begin(), items.end());
  if (order_ == ThreadOrder::shuffled) std::shuffle(items.begin(), items.end(), random_);
}
template void Emulator::arrange(std::vector<std::size_t>& items);

void Emulator::Freed::operator()(std::byte* bytes) const {
  ::operator delete(bytes, kSharedAlignment);
}

/// Of the exact size, so that ASan sees a step beyond it. In emulation all bits are set: a float
/// read before it is written is a NaN.
std::byte* Emulator::fresh_shared_memory(std::size_t slot) {
  if (config_.shared_bytes == 0) return nullptr;
  if (shared_.size() <= slot) shared_.resize(slot + 1);
  if (!shared_[slot]) {
    void* bytes = ::operator new(config_.shared_bytes, kSharedAlignment);
    shared_[slot].reset(static_cast<std::byte*>(bytes));
  }
  if (order_ != ThreadOrder::plain) {
    std::memset(shared_[slot].get(), 0xFF, config_.shared_bytes);
  }
  return shared_[slot].get();
}

void Emulator::set_up(std::size_t first_block, std::size_t block_count) {
  const std::size_t block_threads = config_.block.count();
  blocks_ = std::vector<Block>(block_count);
  threads_ = std::vector<Thread>(block_count * block_threads);
  to_start_.clear();
  for (std::size_t b = 0; b < block_count; ++b) {
    Block& block = blocks_[b];
    block.index = unflatten(first_block + b, config_.grid);
    block.shared = fresh_shared_memory(b);
    block.warps.resize(blocks_for(block_threads, kWarpSize));
    for (std::size_t i = 0; i < block_threads; ++i) {
      Thread& thread = threads_[b * block_threads + i];
      thread.index = unflatten(i, config_.block);
      thread.lane = static_cast<unsigned>(i % kWarpSize);
      thread.warp = &block.warps[i / kWarpSize];
      thread.warp->lanes |= 1U << thread.lane;
      thread.block = &block;
      to_start_.push_back(&thread);
    }
  }
  arrange(to_start_);
  started_ = 0;
}

// ---- the scheduler ------------------------------------------------------------------------------

void Emulator::run(std::size_t first_block, std::size_t block_count) {
  if (block_count * config_.block.count() > 1) {
    set_up(first_block, block_count);
    run_to_the_end();
    return;
  }
  // One thread has nobody to wait for: no fiber.
  blocks_.resize(1);
  threads_.resize(1);
  blocks_.front().index = unflatten(first_block, config_.grid);
  blocks_.front().shared = fresh_shared_memory(0);
  threads_.front().block = &blocks_.front();
  enter(threads_.front());
  body_();
}

void Emulator::run_to_the_end() {
  try {
    go_on(scheduler_);
  } catch (const Error&) {  // no stack for the first fiber
    failure_ = std::current_exception();
  }
  const auto returned = [](const Thread& thread) { return thread.returned; };
  if (!failure_ && !std::all_of(threads_.begin(), threads_.end(), returned)) {
    failure_ = std::make_exception_ptr(Error("simt: " + describe_stall()));
  }
  if (!failure_) return;
  for (Thread& thread : threads_) {  // those that wait throw Unwind there
    if (!thread.fiber) continue;
    enter(thread);
    left_ = &scheduler_;
    *left_ = std::move(thread.fiber).go_on();
  }
  std::rethrow_exception(failure_);
}

/// Makes `thread` the one whose indices the kernel reads.
void Emulator::enter(Thread& thread) {
  current_ = &thread;
  threadIdx = thread.index;
  blockIdx = thread.block->index;
}

/// Who runs when the running one cannot. Throws Error without a stack for another fiber.
Fiber Emulator::next() {
  if (failure_) return std::move(scheduler_);
  if (ready_.empty() && started_ < to_start_.size()) {
    return Fiber([this](Fiber left) {
      *left_ = std::move(left);
      start_threads();
      left_ = &ended_;
      return next();
    });
  }
  if (ready_.empty()) ready_.append(paused_);
  if (ready_.empty()) return std::move(scheduler_);
  enter(*ready_.pop());
  return std::move(current_->fiber);
}

/// Goes on with whoever can run. Returns when somebody comes back to who stands in `leaves`.
void Emulator::go_on(Fiber& leaves) {
  Fiber to = next();
  if (!to) return;  // it is the running one that can
  left_ = &leaves;
  Fiber from = std::move(to).go_on();
  *left_ = std::move(from);
}

/// What each fiber runs. No exception leaves a fiber.
void Emulator::start_threads() {
  while (!failure_ && started_ < to_start_.size()) {
    enter(*to_start_[started_++]);
    try {
      body_();
      current_->returned = true;
    } catch (const Unwind&) {
      // The launch failed elsewhere and says so there.
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
}

/// The running thread waits until somebody goes back to it.
void Emulator::wait() {
  go_on(current_->fiber);
  if (failure_) throw Unwind{};
}

// ---- queues -------------------------------------------------------------------------------------

void Emulator::Queue::push(Thread* thread) {
  thread->next = nullptr;
  (first == nullptr ? first : last->next) = thread;
  last = thread;
}

void Emulator::Queue::append(Queue& other) {
  if (other.empty()) return;
  (first == nullptr ? first : last->next) = other.first;
  last = other.last;
  other = {};
}

Emulator::Thread* Emulator::Queue::pop() {
  Thread* thread = first;
  first = thread->next;
  return thread;
}

void Emulator::shuffle(Queue& threads) {
  std::vector<Thread*> all;
  while (!threads.empty()) all.push_back(threads.pop());
  arrange(all);
  for (Thread* thread : all) threads.push(thread);
}

// ---- meetings -----------------------------------------------------------------------------------

/// The running thread comes to where others of `meeting` wait, or will.
void Emulator::arrive(Meeting& meeting, const char* what, const Where& where) {
  if (meeting.count == 0) {
    meeting.what = what;
    meeting.where = where;
  } else if (!same_place(meeting.where, where)) {
    report_divergence(meeting, what, where);
  }
  meeting.waiting.push(current_);
  ++meeting.count;
}

/// The running thread, which has arrived, goes on when `expected` threads have.
void Emulator::wait_for(Meeting& meeting, std::size_t expected) {
  current_->waits_at = &meeting;
  if (meeting.count == expected) {
    // The last to come queues like the others, so that after the barrier the order is kept.
    if (order_ == ThreadOrder::shuffled) shuffle(meeting.waiting);
    ready_.append(meeting.waiting);
    meeting.count = 0;
  }
  wait();
  current_->waits_at = nullptr;
}

/// For who polls what another thread will write.
void Emulator::pause() {
  if (threads_.size() == 1) return;
  paused_.push(current_);
  wait();
}

void Emulator::require_cooperative() const {
  if (config_.cooperative || config_.grid.count() == 1) return;
  throw Error("simt: block " + text(blockIdx) +
              " waits for another block in a launch that is not cooperative");
}

void Emulator::sync_block(const Where& where) {
  Meeting& barrier = current_->block->barrier;
  arrive(barrier, "sync_block", where);
  wait_for(barrier, config_.block.count());
}

void Emulator::exchange(const char* what, const detail::Parcel& parcel, std::uint32_t mask,
                        const Where& where) {
  const unsigned lane = current_->lane;
  Warp& warp = *current_->warp;
  mask &= warp.lanes;
  if ((mask >> lane & 1U) == 0) {
    throw Error("simt: lane " + std::to_string(lane) + " is not in the mask it gives to " +
                text(what, where));
  }
  warp.parcels[lane] = parcel;
  Meeting& meeting = mask == warp.lanes ? warp.all : warp.some[mask];
  const auto expected = static_cast<std::size_t>(std::popcount(mask));
  arrive(meeting, what, where);
  if (meeting.count == expected) deliver(warp, mask);
  wait_for(meeting, expected);
}

/// All lanes of `mask` have sent, and wait: hands out what they asked for.
void Emulator::deliver(const Warp& warp, std::uint32_t mask) {
  const auto there = [mask](unsigned lane) { return (mask >> lane & 1U) != 0; };
  const auto each = [mask](auto&& hand_out) {
    for (std::uint32_t rest = mask; rest != 0; rest &= rest - 1) {
      hand_out(static_cast<unsigned>(std::countr_zero(rest)));
    }
  };
  const detail::Parcel& first = warp.parcels[std::countr_zero(mask)];  // all said the same word
  const std::size_t bytes = first.bytes;
  if (bytes == 0) return;
  if (first.source_lane == detail::kEveryLane) {
    std::array<std::byte, kWarpSize * sizeof(std::uint64_t)> all{};
    each([&](unsigned lane) { std::memcpy(&all[lane * bytes], warp.parcels[lane].sent, bytes); });
    each([&](unsigned lane) {
      std::memcpy(warp.parcels[lane].received, all.data(), kWarpSize * bytes);
    });
    return;
  }
  each([&](unsigned lane) {
    const detail::Parcel& parcel = warp.parcels[lane];
    if (there(parcel.source_lane)) {
      std::memcpy(parcel.received, warp.parcels[parcel.source_lane].sent, bytes);
    } else {
      std::memset(parcel.received, 0xFF, bytes);
    }
  });
}

// ---- reports ------------------------------------------------------------------------------------

void Emulator::report_divergence(const Meeting& meeting, const char* what,
                                 const Where& where) const {
  throw Error("simt: barrier divergence in block " + text(blockIdx) + " of " +
              std::to_string(config_.block.count()) + " threads: " + std::to_string(meeting.count) +
              " wait at " + text(meeting.what, meeting.where) + ", thread " + text(threadIdx) +
              " came to " + text(what, where));
}

/// Who waits where in a block that is stuck, now that nobody can run.
std::string Emulator::describe_stall() const {
  const auto stuck = std::find_if(threads_.begin(), threads_.end(),
                                  [](const Thread& thread) { return thread.waits_at != nullptr; });
  const auto block_threads = static_cast<std::ptrdiff_t>(config_.block.count());
  const auto first = stuck - (stuck - threads_.begin()) % block_threads;
  const auto last = first + block_threads;
  std::size_t returned = 0;
  std::map<std::string, std::size_t> waiting;
  for (auto thread = first; thread != last; ++thread) {
    if (thread->returned) {
      ++returned;
    } else {
      ++waiting[text(thread->waits_at->what, thread->waits_at->where)];
    }
  }
  std::string report = (returned > 0 ? "barrier divergence in block " : "deadlock in block ") +
                       text(stuck->block->index) + " of " + std::to_string(block_threads) +
                       " threads: " + std::to_string(returned) + " returned";
  for (const auto& [where, count] : waiting) {
    report += ", " + std::to_string(count) + " wait at " + where;
  }
  return report;
}

// ---- the words of host.hpp ----------------------------------------------------------------------

void* Emulator::shared_memory(std::size_t bytes) const {
  if (bytes > config_.shared_bytes) {
    throw Error("simt: the kernel asks for " + std::to_string(bytes) +
                " bytes of shared memory, the launch gives " +
                std::to_string(config_.shared_bytes));
  }
  return current_->block->shared;
}

void* detail::shared_memory(std::size_t bytes) {
  return Emulator::running().shared_memory(bytes);
}

void detail::pause() {
  Emulator::running().pause();
}

void detail::require_cooperative() {
  Emulator::running().require_cooperative();
}

void detail::sync_block(const Where& where) {
  Emulator::running().sync_block(where);
}

void detail::exchange(const char* what, const Parcel& parcel, std::uint32_t mask,
                      const Where& where) {
  Emulator::running().exchange(what, parcel, mask, where);
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
