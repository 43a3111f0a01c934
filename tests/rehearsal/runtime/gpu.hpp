// The GPU that is played: usually a seventh of an H100 (MIG 1g.10gb), with the limits of compute
// capability 9.0 (CUDA Programming Guide, "Technical Specifications per Compute Capability"). Few
// processors keep cooperative launches small. Others are played by name, for what they lack.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "kernels/simt/launch_config.hpp"

namespace rehearsal {

inline constexpr int kDevices = 2;
inline constexpr int kCapability = 90;  // for which this is built
inline constexpr std::size_t kDeviceBytes = std::size_t{10} << 30;

inline constexpr std::size_t kBlockThreads = 1024;
inline constexpr hourglass::HOURGLASS_TARGET::simt::Dim3 kBlockDim{1024, 1024, 64};
inline constexpr hourglass::HOURGLASS_TARGET::simt::Dim3 kGridDim{2147483647, 65535, 65535};
inline constexpr std::size_t kKilobyte = 1024;
inline constexpr std::size_t kSharedBytes = 48 * kKilobyte;     // without asking
inline constexpr std::size_t kReservedSharedBytes = kKilobyte;  // of each block

struct Architecture {
  int processors = 16;
  std::size_t shared_bytes_asked = 227 * kKilobyte;  ///< of a block, with the attribute
  std::size_t processor_shared_bytes = 228 * kKilobyte;
  std::size_t processor_threads = 2048;
  std::size_t processor_blocks = 32;
  std::size_t processor_registers = 65536;
  std::size_t registers = 64;           ///< a thread's, as nothing here can tell
  std::size_t registers_of_train = 64;  ///< likewise, in the fused engine's kernels
  bool cooperates = true;
};

/// What is played now: 9.0 but while there is a `Playing`.
[[nodiscard]] Architecture& architecture();

/// Plays another until its end, by name, or throws std::invalid_argument:
///   9.0, 8.6, 7.5       of that compute capability
///   not cooperative     9.0, but as where a driver or a virtual GPU has no cooperative launches
///   few registers       the 32768 a processor of 6.2, and a compiler that gives the fused engine
///                       168 a thread
class Playing {
 public:
  explicit Playing(const std::string& name);
  ~Playing() { architecture() = usual_; }
  Playing(const Playing&) = delete;
  Playing& operator=(const Playing&) = delete;

 private:
  Architecture usual_;
};

/// From the program's own symbol table; "a kernel" where that was stripped.
[[nodiscard]] std::string kernel_name(const void* function);

/// Launches of more threads run in blocks of one thread.
inline std::size_t thread_by_thread = std::size_t{1} << 13;

/// Runs a grid on the host: thread by thread where there are few, else in blocks of one thread,
/// which no kernel may mind.
void play(hourglass::HOURGLASS_TARGET::simt::LaunchConfig config,
          const std::function<void()>& body);

}  // namespace rehearsal
