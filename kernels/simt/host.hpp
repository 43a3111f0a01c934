// CUDA's vocabulary on the host. A block of one thread is plain C++, in parallel over blocks; any
// other block is emulated, one fiber per thread that meets a barrier (emulator.hpp).
#pragma once

#include <atomic>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <vector>

#include "kernels/simt/emulation.hpp"
#include "kernels/simt/launch_config.hpp"

// NOLINTBEGIN(bugprone-reserved-identifier,cppcoreguidelines-macro-usage)
#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __phase__ __attribute__((noinline, flatten))
// NOLINTEND(bugprone-reserved-identifier,cppcoreguidelines-macro-usage)

namespace hourglass::HOURGLASS_TARGET {

// The running thread's place, set before it runs and whenever a fiber takes over. A fiber never
// leaves the OS thread it began on, so it does no harm that compilers keep a thread_local's address
// in a register across the switch inside a barrier. NOLINTBEGIN(readability-identifier-naming)
inline constinit thread_local simt::Dim3 threadIdx{0, 0, 0};
inline constinit thread_local simt::Dim3 blockIdx{0, 0, 0};
inline constinit thread_local simt::Dim3 blockDim{1, 1, 1};
inline constinit thread_local simt::Dim3 gridDim{1, 1, 1};
// NOLINTEND(readability-identifier-naming)

}  // namespace hourglass::HOURGLASS_TARGET

#include "kernels/simt/common.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

/// Where a word stands in a kernel: what reports name, and how two barriers are told apart.
/// (std::source_location, which clang 14 does not know.)
struct Where {
  const char* file = "";
  unsigned line = 0;

  static constexpr Where current(const char* file_ = __builtin_FILE(),
                                 unsigned line_ = __builtin_LINE()) {
    return {file_, line_};
  }
};

namespace detail {

/// Runs `body` once for each thread of the grid, or adds it to the recording there is.
void run(const LaunchConfig& config, std::function<void()> body);

void* shared_memory(std::size_t bytes);

void sync_block(const Where& where);

/// Whether threads are fibers, of which one runs at a time.
bool emulated();
/// Lets other fibers run.
void pause();
/// Where threads are fibers: that this launch's blocks may wait for each other.
void require_cooperative();
/// How a thread waits for a word that another thread stores: it spins for a while, as the wait is
/// mostly shorter than falling asleep; then it sleeps, as on a busy machine whom it waits for may
/// not be running.
class Patience {
 public:
  /// Returns after a moment, or, when patience is over, once woken if *address was `value`; it may
  /// wake for no reason.
  void wait_while(std::uint32_t* address, std::uint32_t value);
  [[nodiscard]] bool is_over() const { return spins_ == kSpins; }

 private:
  static constexpr int kSpins = 2000;
  int spins_ = 0;
};
void wake(std::uint32_t* address);

/// What a lane brings to a meeting of its warp, and gets there.
struct Parcel {
  const void* sent = nullptr;
  void* received = nullptr;  ///< What the source sent, or what each lane did, zeros where none is.
  std::size_t bytes = 0;     ///< Of what is sent.
  unsigned source_lane = 0;  ///< Or kEveryLane.
};
inline constexpr unsigned kEveryLane = kWarpSize;
void exchange(const char* what, const Parcel& parcel, std::uint32_t mask, const Where& where);

inline bool alone() {
  return block_thread_count() == 1;
}

template <class T>
T shuffle(const char* what, const T& value, unsigned source_lane, std::uint32_t mask,
          const Where& where) {
  if (alone()) return value;
  T received;
  exchange(what, {&value, &received, sizeof(T), source_lane}, mask, where);
  return received;
}

}  // namespace detail

/// Values that one thread had best work on side by side, as an array: a vector register of floats.
/// The rehearsal has a GPU's threads, which are lanes themselves.
#ifdef HOURGLASS_REHEARSAL
inline constexpr unsigned kVectorWidth = 1;
#else
inline constexpr unsigned kVectorWidth = 16;
#endif

/// Emulation is for tests, and the GPU's form of a large kernel takes as long to compile as the
/// CPU's: a build without tests does without.
#ifdef HOURGLASS_NO_EMULATION
inline constexpr bool kGpuShapes = false;
#else
inline constexpr bool kGpuShapes = true;
#endif

// ---- elements -----------------------------------------------------------------------------------

namespace detail {

/// The share of thread `me` of `threads`: every so many-th where threads are lanes, as on a GPU;
/// else contiguous, with step 1, so that the loop over the share of a one-thread block vectorises.
template <std::integral T>
Elements<T, T> share(T n, std::size_t me, std::size_t threads) {
  if constexpr (kVectorWidth == 1) {
    return {static_cast<T>(me), n, static_cast<T>(threads)};
  } else {
    const auto total = static_cast<std::size_t>(n);
    const std::size_t share = total / threads;
    const std::size_t longer = total % threads;  // the first so many have one more
    const std::size_t first = share * me + (me < longer ? me : longer);
    const std::size_t last = first + share + (me < longer ? 1 : 0);
    return {static_cast<T>(first), static_cast<T>(last), T{1}};
  }
}

}  // namespace detail

template <std::integral T>
Elements<T, T> elements(T n) {
  return detail::share(n, global_thread(), global_thread_count());
}

template <std::integral T>
Elements<T, T> block_elements(T n) {
  return detail::share(n, block_thread(), block_thread_count());
}

/// Items that warps take whole: all lanes of a warp get the same ones.
template <std::integral T>
Elements<T, T> warp_elements(T n) {
  const std::size_t warps = block_warp_count();
  return detail::share(n, blockIdx.x * warps + warp(), gridDim.x * warps);
}

// ---- what CUDA's math has and the host's lacks --------------------------------------------------

/// cos(pi x), without the range reduction that cosf of a large argument needs.
inline float cos_pi(float x) {
  return std::cos(3.14159265358979f * x);
}
inline float fast_divide(float a, float b) {
  return a / b;
}

/// S. L. Moshier's polynomial (Cephes 2.2, 1992), without a call, so that loops over it vectorise.
__forceinline__ float fast_exp(float x) {
  constexpr float kToInteger = 12582912.f;  // 1.5 * 2^23: what is added to it loses its fraction
  const float inside = x < -87.f ? -87.f : x;
  const float shifted = inside * 1.44269504088896341f + kToInteger;
  const float whole = shifted - kToInteger;
  const float r = (inside - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  const std::uint32_t power = (std::bit_cast<std::uint32_t>(shifted) - 0x4B400000U + 127U) << 23U;
  return x < -87.f ? 0.f : p * std::bit_cast<float>(power);
}

/// Likewise.
__forceinline__ float fast_log(float x) {
  // x = 2^e (1 + m) with 1 + m in [sqrt(1/2), sqrt(2)).
  constexpr std::int32_t kSqrtHalf = 0x3F3504F3;
  const std::int32_t bits = std::bit_cast<std::int32_t>(x) - kSqrtHalf;
  const auto e = static_cast<float>(bits >> 23);
  const float m = std::bit_cast<float>((bits & 0x7FFFFF) + kSqrtHalf) - 1.f;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m;
  p = p * m * square - e * 2.12194440e-4f - 0.5f * square;
  return m + p + e * 0.693359375f;
}

// ---- a float's bits -----------------------------------------------------------------------------

inline std::uint32_t float_bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
inline float float_from_bits(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

// ---- shared memory and barriers -----------------------------------------------------------------

template <class Smem>
Smem& shared() {
  return *static_cast<Smem*>(detail::shared_memory(sizeof(Smem)));
}

inline void sync_block(const Where& where = Where::current()) {
  if (!detail::alone()) detail::sync_block(where);
}

inline void sync_warp(unsigned mask = kFullMask, const Where& where = Where::current()) {
  if (!detail::alone()) detail::exchange("sync_warp", {}, mask, where);
}

// ---- shuffles -----------------------------------------------------------------------------------

template <WarpValue T>
T shuffle(T value, unsigned source_lane, unsigned mask = kFullMask,
          const Where& where = Where::current()) {
  return detail::shuffle("shuffle", value, source_lane % kWarpSize, mask, where);
}

template <WarpValue T>
T shuffle_down(T value, unsigned delta, unsigned mask = kFullMask,
               const Where& where = Where::current()) {
  const unsigned source = delta < kWarpSize - lane() ? lane() + delta : lane();
  return detail::shuffle("shuffle_down", value, source, mask, where);
}

template <WarpValue T>
T shuffle_xor(T value, unsigned bits, unsigned mask = kFullMask,
              const Where& where = Where::current()) {
  const unsigned source = bits < kWarpSize ? lane() ^ bits : lane();
  return detail::shuffle("shuffle_xor", value, source, mask, where);
}

template <WarpValue T, int n>
Several<T, n> shuffle_xor(const Several<T, n>& values, unsigned bits, unsigned mask = kFullMask,
                          const Where& where = Where::current()) {
  const unsigned source = bits < kWarpSize ? lane() ^ bits : lane();
  return detail::shuffle("shuffle_xor", values, source, mask, where);
}

// ---- votes and sums of a warp -------------------------------------------------------------------

inline unsigned ballot(bool mine, unsigned mask = kFullMask,
                       const Where& where = Where::current()) {
  if (detail::alone()) return mine ? 1 : 0;
  bool votes[kWarpSize];
  detail::exchange("ballot", {&mine, votes, sizeof(bool), detail::kEveryLane}, mask, where);
  unsigned all = 0;
  for (unsigned i = 0; i < kWarpSize; ++i) all |= votes[i] ? 1U << i : 0;
  return all;
}

template <WarpInteger T>
T warp_total(T value, const Where& where = Where::current()) {
  if (detail::alone()) return value;
  std::uint32_t values[kWarpSize];
  detail::exchange("warp_total", {&value, values, sizeof(T), detail::kEveryLane}, kFullMask, where);
  std::uint32_t sum = 0;
  for (const std::uint32_t each : values) sum += each;
  return static_cast<T>(sum);
}

inline unsigned count_bits(unsigned bits) {
  return static_cast<unsigned>(std::popcount(bits));
}

// ---- atomics: real ones, since blocks run in parallel; relaxed, as CUDA's are -------------------

template <AtomicAddend T>
T atomic_add(T* address, std::type_identity_t<T> value) {
  return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}

// ---- launches that are recorded, to be run many times -------------------------------------------

/// A kernel with its arguments.
struct RecordedLaunch {
  LaunchConfig config;
  std::function<void()> body;
};

/// The launches that `work` makes, none of which runs.
[[nodiscard]] std::vector<RecordedLaunch> record(const std::function<void()>& work);

/// Runs launches one after another by one team of threads. A launch begins when all blocks of the
/// one before are done; no thread waits for one that has come late, or not at all: on a busy
/// machine those that run do the work.
void run_all(const std::vector<RecordedLaunch>& launches);

}  // namespace hourglass::HOURGLASS_TARGET::simt
