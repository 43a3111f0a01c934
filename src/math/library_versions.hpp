// The versions of a target's libraries.
#pragma once

#include <hourglass/device.hpp>
#include <vector>

namespace hourglass {
namespace cpu::math {
[[nodiscard]] std::vector<LibraryVersion> library_versions();
}
namespace cuda::math {
[[nodiscard]] std::vector<LibraryVersion> library_versions();
}
}  // namespace hourglass
