// The GPU that is played: usually a seventh of an H100 (MIG 1g.10gb), with the limits of compute
// capability 9.0 (CUDA Programming Guide, "Technical Specifications per Compute Capability"). Few
// processors keep cooperative launches small. Others are played by name, for what they lack.
#pragma once

#include <cstddef>
#include <string_view>

namespace rehearsal {

inline constexpr int kDevices = 2;
inline constexpr int kCapability = 90;  // for which this is built
inline constexpr std::size_t kDeviceBytes = std::size_t{10} << 30;

inline constexpr std::size_t kBlockThreads = 1024;
inline constexpr unsigned kBlockDim[] = {1024, 1024, 64};
inline constexpr unsigned kGridDim[] = {2147483647, 65535, 65535};
inline constexpr std::size_t kSharedBytes = std::size_t{48} << 10;         // without asking
inline constexpr std::size_t kReservedSharedBytes = std::size_t{1} << 10;  // of each block

struct Architecture {
  int processors = 16;
  std::size_t shared_bytes_asked = std::size_t{227} << 10;  ///< of a block, with the attribute
  std::size_t processor_shared_bytes = std::size_t{228} << 10;
  std::size_t processor_threads = 2048;
  std::size_t processor_blocks = 32;
  std::size_t processor_registers = 65536;
  std::size_t registers = 64;           ///< a thread's, as nothing here can tell
  std::size_t registers_of_train = 64;  ///< likewise, in the fused engine's kernels
  bool cooperates = true;
};

/// Limits by name, or std::invalid_argument:
///   9.0, 8.6, 7.5       of that compute capability
///   not cooperative     9.0, but as where a driver or a virtual GPU has no cooperative launches
///   few registers       the 32768 a processor of 6.2, and a compiler that gives the fused engine
///                       168 a thread
[[nodiscard]] Architecture architecture_of(std::string_view name);

/// What is played now: what $REHEARSAL_ARCHITECTURE names, if it does, or 9.0.
[[nodiscard]] Architecture& architecture();

/// Plays another until its end.
class Playing {
 public:
  explicit Playing(std::string_view name) : usual_(architecture()) {
    architecture() = architecture_of(name);
  }
  ~Playing() { architecture() = usual_; }
  Playing(const Playing&) = delete;
  Playing& operator=(const Playing&) = delete;

 private:
  Architecture usual_;
};

}  // namespace rehearsal
