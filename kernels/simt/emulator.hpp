// Runs CUDA threads as fibers on one OS thread: barriers count who arrives, and what would hang on
// a GPU is reported.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/simt/fiber.hpp"
#include "kernels/simt/host.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

/// Runs the blocks of one launch that fall to this OS thread, one by one or all together.
///
/// A fiber starts CUDA threads and runs each to its end, one after another. Only when one has to
/// wait is its fiber set aside, and another goes on: a kernel without barriers costs no switches.
class Emulator {
 public:
  /// `config` and `body`, the kernel with its arguments, must outlive the emulator.
  Emulator(const LaunchConfig& config, const std::function<void()>& body);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  /// Runs one block to its end. Throws what the kernel throws, or Error if threads wait in vain.
  void run_block(std::size_t block) { run(block, 1); }
  /// Runs all blocks together, so that they may wait for each other.
  void run_grid() { run(0, config_.grid.count()); }

  /// Puts `items`, given in forward order, into the order of the launch.
  template <class T>
  void arrange(std::vector<T>& items);

  // What the running kernel's words do.
  static Emulator& running();
  [[nodiscard]] void* shared_memory(std::size_t bytes) const;
  void pause();
  void require_cooperative() const;
  void sync_block(const Where& where);
  void exchange(const char* what, const detail::Parcel& parcel, std::uint32_t mask,
                const Where& where);

 private:
  struct Thread;

  /// Threads in the order in which they will run.
  struct Queue {
    void push(Thread* thread);
    void append(Queue& other);  ///< Leaves `other` empty.
    [[nodiscard]] Thread* pop();
    [[nodiscard]] bool empty() const { return first == nullptr; }
    Thread* first = nullptr;
    Thread* last = nullptr;
  };

  /// A barrier and those who wait at it.
  struct Meeting {
    const char* what = nullptr;
    Where where;
    Queue waiting;
    std::size_t count = 0;  // of them
  };

  /// What a warp's lanes have for each other.
  struct Warp {
    std::uint32_t lanes = 0;  // those it has
    Meeting all;
    std::map<std::uint32_t, Meeting> some;  // by their mask
    std::array<detail::Parcel, kWarpSize> parcels{};
  };

  struct Block {
    Dim3 index{0, 0, 0};
    std::byte* shared = nullptr;
    Meeting barrier;
    std::vector<Warp> warps;
  };

  struct Thread {
    Dim3 index{0, 0, 0};
    unsigned lane = 0;
    Warp* warp = nullptr;
    Block* block = nullptr;
    Thread* next = nullptr;  // in the queue it stands in
    const Meeting* waits_at = nullptr;
    Fiber fiber;  // how to go on, while it waits
    bool returned = false;
  };

  void run(std::size_t first_block, std::size_t block_count);
  void set_up(std::size_t first_block, std::size_t block_count);
  void run_to_the_end();
  void enter(Thread& thread);
  void start_threads();
  [[nodiscard]] Fiber next();
  void go_on(Fiber& leaves);
  void wait();
  void arrive(Meeting& meeting, const char* what, const Where& where);
  void wait_for(Meeting& meeting, std::size_t expected);
  void shuffle(Queue& threads);
  static void deliver(const Warp& warp, std::uint32_t mask);
  [[nodiscard]] std::string describe_stall() const;
  [[noreturn]] void report_divergence(const Meeting& meeting, const char* what,
                                      const Where& where) const;

  struct Freed {
    void operator()(std::byte* bytes) const;
  };
  using SharedMemory = std::unique_ptr<std::byte, Freed>;
  [[nodiscard]] std::byte* fresh_shared_memory(std::size_t slot);

  const LaunchConfig& config_;
  const std::function<void()>& body_;
  const ThreadOrder order_;
  std::minstd_rand random_;

  std::vector<SharedMemory> shared_;  // one for each block that runs at a time
  std::vector<Block> blocks_;
  std::vector<Thread> threads_;    // block by block
  std::vector<Thread*> to_start_;  // in the order of the launch
  std::size_t started_ = 0;
  Queue ready_;   // they waited, and may go on
  Queue paused_;  // they go on when nobody else can
  Thread* current_ = nullptr;
  Fiber scheduler_;             // goes on when no thread can
  Fiber* left_ = nullptr;       // where what was left last belongs
  Fiber ended_;                 // or here, where nothing is left
  std::exception_ptr failure_;  // once set, all that run or wait are unwound
};

}  // namespace hourglass::HOURGLASS_TARGET::simt
