// The GPU that is played: a seventh of an H100 (MIG 1g.10gb), with the limits of compute capability
// 9.0 (CUDA Programming Guide, "Technical Specifications per Compute Capability"). Few processors
// keep cooperative launches small.
#pragma once

#include <cstddef>

namespace rehearsal {

inline constexpr int kDevices = 2;
inline constexpr int kCapability = 90;
inline constexpr int kProcessors = 16;
inline constexpr std::size_t kDeviceBytes = std::size_t{10} << 30;

inline constexpr std::size_t kBlockThreads = 1024;
inline constexpr unsigned kBlockDim[] = {1024, 1024, 64};
inline constexpr unsigned kGridDim[] = {2147483647, 65535, 65535};
inline constexpr std::size_t kSharedBytes = std::size_t{48} << 10;        // without asking
inline constexpr std::size_t kSharedBytesAsked = std::size_t{227} << 10;  // with the attribute
inline constexpr std::size_t kProcessorSharedBytes = std::size_t{228} << 10;
inline constexpr std::size_t kReservedSharedBytes = std::size_t{1} << 10;  // of each block
inline constexpr std::size_t kProcessorThreads = 2048;
inline constexpr std::size_t kProcessorBlocks = 32;
inline constexpr std::size_t kProcessorRegisters = 65536;
inline constexpr std::size_t kRegisters = 64;  // a thread's, as nothing here can tell

}  // namespace rehearsal
