// The control groups this process is in, versions 1 and 2.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace hourglass {

struct ControlGroup {
  int version = 0;
  std::filesystem::path folder;  ///< its files
};

/// Those that may limit what `controller` ("cpu", "memory") controls, from this process's own up to
/// the highest that can be seen. `root`: where /proc and /sys lie.
[[nodiscard]] std::vector<ControlGroup> control_groups(std::string_view controller,
                                                       const std::filesystem::path& root);

}  // namespace hourglass
