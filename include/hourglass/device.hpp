// Where work runs, and how its arithmetic is done.
#pragma once

#include <array>
#include <hourglass/names.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hourglass {

enum class DeviceKind { cpu, cuda };
template <>
inline constexpr std::array<std::string_view, 2> kNames<DeviceKind> = {"cpu", "cuda"};

/// fp32: IEEE single precision everywhere. tf32: matrix products and convolutions may round their
/// operands to TF32 (the layered engine on CUDA).
enum class Precision { fp32, tf32 };
template <>
inline constexpr std::array<std::string_view, 2> kNames<Precision> = {"fp32", "tf32"};

/// layered: each layer a library call or a kernel. fused: one kernel for many steps of training.
/// automatic: the fastest that this build, device and model have.
enum class EngineKind { automatic, layered, fused };
template <>
inline constexpr std::array<std::string_view, 3> kNames<EngineKind> = {"auto", "layered", "fused"};

/// A device that has been found usable.
struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;        ///< the CUDA ordinal; 0 for the CPU
  std::string name;     ///< e.g. "NVIDIA H200", or the processor's model
  std::string summary;  ///< one line for people: name, compute capability or threads
};

/// "auto", "cpu", "cuda" or "cuda:N". auto takes the first usable GPU, else the CPU. Throws
/// UsageError for another name, and DeviceError, with the reason, where the device asked for cannot
/// be used: not in this build, no driver, too old a driver, no such GPU, no code for its
/// architecture.
[[nodiscard]] Device select_device(std::string_view request = "auto");

/// CPU threads for all work on the CPU; 0 means $OMP_NUM_THREADS, or else what affinity and the CPU
/// quota of the control group give (a begun core counts). Returns the number in use.
int set_cpu_threads(int threads);
[[nodiscard]] int cpu_threads();

/// A device as `hourglass info` shows it: usable, or why not.
struct DeviceStatus {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  std::string name = {};
  std::string detail = {};  ///< compute capability, memory, threads
  bool usable = false;
  std::string problem = {};  ///< empty when usable
};
[[nodiscard]] std::vector<DeviceStatus> list_devices();

/// Name and version of a library in use.
struct LibraryVersion {
  std::string name;
  std::string version;
};
[[nodiscard]] std::vector<LibraryVersion> library_versions();

}  // namespace hourglass
