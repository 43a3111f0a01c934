// The folder a run leaves behind, and metrics.json in it.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "device/range.hpp"

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

/// Throws Error, before any work is done, when there can be no such file.
void check_output_file(const std::filesystem::path& file);

/// The .json that goes beside a map. Throws UsageError when the map itself has that name.
[[nodiscard]] std::filesystem::path json_beside(const std::filesystem::path& file);

void save_json(const std::filesystem::path& file, const Json& json);

/// Seconds by stage, in the order the stages ran.
class StageClock {
 public:
  /// Runs work() as the stage `name`, also on a profiler's timeline.
  template <class Work>
  void time(const std::string& name, Work work);
  [[nodiscard]] Json to_json() const;

 private:
  using Clock = std::chrono::steady_clock;
  void note(const std::string& name, Clock::time_point start);

  Clock::time_point start_ = Clock::now();
  Json stages_ = Json::object();
};

template <class Work>
void StageClock::time(const std::string& name, Work work) {
  const Range range(name);
  const auto start = Clock::now();
  work();
  note(name, start);
}

}  // namespace hourglass::cli
