// The folder a run leaves behind.
#pragma once

#include <filesystem>
#include <vector>

namespace hourglass::cli {

/// Makes the folder, with its parents, if it is not there, and takes away again what it made if
/// nothing came into it. Throws Error when the folder cannot be written to.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path folder);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  struct Made {
    std::vector<std::filesystem::path> folders;  // innermost first
    Made() = default;
    ~Made();
    Made(const Made&) = delete;
    Made(Made&&) = delete;
    Made& operator=(const Made&) = delete;
    Made& operator=(Made&&) = delete;
  };

  std::filesystem::path path_;
  Made made_;
};

}  // namespace hourglass::cli
