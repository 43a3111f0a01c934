// Whether a CUDA device can be used, from what CUDA reports.
#pragma once

#include <string>
#include <string_view>

namespace hourglass {

/// CUDA's own version numbers: 1000 * major + 10 * minor; 0 for a driver that is not there.
struct CudaFacts {
  int driver_version = 0;
  int runtime_version = 0;
  int device_count = 0;
};

/// What CUDA reports here; only where the build has CUDA.
[[nodiscard]] CudaFacts cuda_facts();

/// "12.4" from such a number.
[[nodiscard]] std::string cuda_version(int version);

/// Why CUDA cannot be used in this process: it was forked from one that had used CUDA, that is, had
/// asked this; or nothing.
[[nodiscard]] std::string fork_problem();

/// Why no device at all can be used, or nothing.
[[nodiscard]] std::string cuda_problem(const CudaFacts& facts);

/// Why a GPU of this compute capability (major * 10 + minor) cannot run a build for
/// `architectures`, as CMake lists them ("80;86-real;90-virtual"), or nothing. Machine code runs on
/// the same major number from its own minor number on; PTX on everything as new or newer. An item
/// that is no number says nothing, but for "all" and "all-major".
[[nodiscard]] std::string architecture_problem(int capability, std::string_view architectures);

}  // namespace hourglass
