// Where the tests that need MNIST find it.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace hourglass {

inline constexpr const char* kNoMnist = "no MNIST: set HOURGLASS_DATA to its folder";

/// $HOURGLASS_DATA if that is a folder, else nothing.
inline std::filesystem::path mnist_folder() {
  const char* folder = std::getenv("HOURGLASS_DATA");
  return folder != nullptr && std::filesystem::is_directory(folder) ? folder : "";
}

}  // namespace hourglass
