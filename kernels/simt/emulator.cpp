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
  for (std::size_t b = 0; b < block_count; ++b) {
    blocks_[b].index = unflatten(first_block + b, config_.grid);
    blocks_[b].shared = fresh_shared_memory(b);
    blocks_[b].warps.resize(blocks_for(block_threads, kWarpSize));
  }
  threads_ = std::vector<Thread>(block_count * block_threads);
  to_start_.clear();
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    threads_[i].index = unflatten(i % block_threads, config_.block);
    threads_[i].block = &blocks_[i / block_threads];
    to_start_.push_back(&threads_[i]);
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
    while (Fiber fiber = next_fiber()) {
      if (Fiber rest = std::move(fiber).resume()) current_->fiber = std::move(rest);
      if (failure_) break;
    }
  } catch (const Error&) {  // no stack for another fiber
    failure_ = std::current_exception();
  }
  const auto returned = [](const Thread& thread) { return thread.returned; };
  if (!failure_ && !std::all_of(threads_.begin(), threads_.end(), returned)) {
    failure_ = std::make_exception_ptr(Error("simt: " + describe_stall()));
  }
  if (failure_) {
    unwind_waiting();
    std::rethrow_exception(failure_);
  }
}

/// Makes `thread` the one whose indices the kernel reads.
void Emulator::enter(Thread& thread) {
  current_ = &thread;
  threadIdx = thread.index;
  blockIdx = thread.block->index;
}

Fiber Emulator::next_fiber() {
  if (!ready_.empty()) {
    enter(*ready_.front());
    ready_.pop_front();
    return std::move(current_->fiber);
  }
  if (started_ < to_start_.size()) return Fiber(scheduler_, [this] { start_threads(); });
  if (!paused_.empty()) {
    ready_.swap(paused_);
    return next_fiber();
  }
  return {};
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

void Emulator::unwind_waiting() {
  for (Thread& thread : threads_) {
    if (!thread.fiber) continue;
    enter(thread);
    thread.fiber = std::move(thread.fiber).resume();  // meet() throws Unwind there
  }
}

// ---- meetings -----------------------------------------------------------------------------------

/// The running thread arrives, and goes on when `expected` threads have.
void Emulator::meet(Meeting& meeting, std::size_t expected, const char* what, const Where& where) {
  if (meeting.waiting.empty()) {
    meeting.what = what;
    meeting.where = where;
  } else if (!same_place(meeting.where, where)) {
    throw Error("simt: barrier divergence in block " + text(blockIdx) + " of " +
                std::to_string(config_.block.count()) +
                " threads: " + std::to_string(meeting.waiting.size()) + " wait at " +
                text(meeting.what, meeting.where) + ", thread " + text(threadIdx) + " came to " +
                text(what, where));
  }
  meeting.waiting.push_back(current_);
  current_->waits_at = &meeting;
  if (meeting.waiting.size() == expected) {
    // The last to come queues like the others, so that after the barrier the order is kept.
    if (order_ == ThreadOrder::shuffled) arrange(meeting.waiting);
    for (Thread* thread : meeting.waiting) thread->waits_at = nullptr;
    ready_.insert(ready_.end(), meeting.waiting.begin(), meeting.waiting.end());
    meeting.waiting.clear();
  }
  scheduler_.suspend();
  if (failure_) throw Unwind{};
}

/// For who polls what another thread will write.
void Emulator::pause() {
  if (threads_.size() == 1) return;
  paused_.push_back(current_);
  scheduler_.suspend();
  if (failure_) throw Unwind{};
}

void Emulator::require_cooperative() const {
  if (config_.cooperative || config_.grid.count() == 1) return;
  throw Error("simt: block " + text(blockIdx) +
              " waits for another block in a launch that is not cooperative");
}

void Emulator::sync_block(const Where& where) {
  meet(current_->block->barrier, config_.block.count(), "sync_block", where);
}

Emulator::Thread& Emulator::lane_of_my_warp(unsigned lane) {
  return (current_ - block_thread() % kWarpSize)[lane];
}

std::uint64_t Emulator::exchange(const char* what, std::uint64_t sent, unsigned source_lane,
                                 std::uint32_t mask, const Where& where) {
  const std::uint32_t all_lanes = kFullMask >> (kWarpSize - warp_thread_count());
  mask &= all_lanes;
  if ((mask >> lane() & 1U) == 0) {
    throw Error("simt: lane " + std::to_string(lane()) + " is not in the mask it gives to " +
                text(what, where));
  }
  current_->sent = sent;
  current_->source_lane = source_lane;
  Meeting& meeting = current_->block->warps[warp()][mask];
  const auto expected = static_cast<std::size_t>(std::popcount(mask));
  if (meeting.waiting.size() + 1 == expected) deliver(mask);
  meet(meeting, expected, what, where);
  return current_->received;
}

/// All lanes of `mask` have sent: hands out what they asked for before any of them sends again.
void Emulator::deliver(std::uint32_t mask) {
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if ((mask >> lane & 1U) == 0) continue;
    Thread& receiver = lane_of_my_warp(lane);
    const bool has_source = (mask >> receiver.source_lane & 1U) != 0;
    receiver.received = has_source ? lane_of_my_warp(receiver.source_lane).sent
                                   : std::numeric_limits<std::uint64_t>::max();
  }
}

// ---- reports ------------------------------------------------------------------------------------

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

std::uint64_t detail::exchange(const char* what, std::uint64_t sent, unsigned source_lane,
                               std::uint32_t mask, const Where& where) {
  return Emulator::running().exchange(what, sent, source_lane, mask, where);
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
