// The folder a run leaves behind, and metrics.json in it.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "cli/options.hpp"

namespace hourglass::cli {

/// Made, with its parents, if it is not there. Throws Error, before any work is done, when it cannot
/// be written to.
[[nodiscard]] std::filesystem::path make_run_folder(const std::filesystem::path& folder);

/// Throws Error when the folder that is to hold `file` is not there.
void check_output_file(const std::filesystem::path& file);

void save_json(const std::filesystem::path& file, const Json& json);

/// Seconds by stage, in the order the stages ran.
class StageClock {
 public:
  /// Runs work() as the stage `name`, also on a profiler's timeline.
  template <class Work>
  decltype(auto) time(const std::string& name, Work work);
  [[nodiscard]] Json to_json() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Stage {
    StageClock& clock;
    std::string name;
    Clock::time_point start = Clock::now();
    ~Stage();
  };

  Clock::time_point start_ = Clock::now();
  Json stages_ = Json::object();
};

template <class Work>
decltype(auto) StageClock::time(const std::string& name, Work work) {
  const Stage stage{*this, name};
  return work();
}

}  // namespace hourglass::cli
