// The folder a run leaves behind.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hourglass::cli {

/// Makes the folder, with its parents, if it is not there, and takes away again what it made if
/// nothing came into it. Throws Error when the folder cannot be written to.
class RunFolder {
 public:
  RunFolder(std::filesystem::path folder, std::string study);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Where one of the run's files goes. The first call takes away what an earlier run left: the
  /// files of this study and of the one that metrics.json names, and no others.
  [[nodiscard]] std::filesystem::path file(const std::string& name);

  /// `file` is read by this run, and so stays until it is written over.
  void keep(const std::filesystem::path& file) { kept_.push_back(file); }
  /// The same for one that must not be written over: throws UsageError if this study would.
  void refuse_to_overwrite(const std::string& option, const std::filesystem::path& file);

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

  void remove_files_of(const std::string& study);

  std::filesystem::path path_;
  std::string study_;
  std::vector<std::filesystem::path> kept_;
  bool cleared_ = false;
  Made made_;
};

}  // namespace hourglass::cli
