// Seconds by stage.
#pragma once

#include <chrono>
#include <string>

#include "cli/options.hpp"
#include "device/range.hpp"

namespace hourglass::cli {

/// In the order the stages ran.
class StageClock {
 public:
  /// Runs work() as the stage `name`, also on a profiler's timeline, and returns what it returns.
  template <class Work>
  auto time(const std::string& name, Work work) {
    const Range range(name);
    const Stopwatch stopwatch(stages_, name);
    return work();
  }

  [[nodiscard]] Json to_json() const {
    Json json = stages_;
    json["total"] = seconds_since(start_);
    return json;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  struct Stopwatch {
    Stopwatch(Json& stages_, const std::string& name_) : stages(stages_), name(name_) {}
    ~Stopwatch() { stages[name] = seconds_since(start); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

    Json& stages;
    const std::string& name;
    Clock::time_point start = Clock::now();
  };

  Clock::time_point start_ = Clock::now();
  Json stages_ = Json::object();
};

}  // namespace hourglass::cli
