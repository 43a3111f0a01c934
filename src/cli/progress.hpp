// What a person watches while the program works: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <hourglass/autoencoder.hpp>
#include <string>
#include <string_view>

namespace hourglass::cli {

class Progress {
 public:
  /// Writes to standard output, nothing at all if `quiet`.
  explicit Progress(bool quiet);

  /// One line that stays.
  void say(std::string_view line);
  /// The bar of the running epoch; redrawn at most ten times a second, on a terminal only.
  void step(const TrainingProgress& progress);
  /// The line that a finished epoch leaves behind; of many epochs, a line a
  /// second and every tenth part.
  void epoch(const EpochResult& result, std::size_t epochs);
  /// What is going on, until something else is; on a terminal only.
  void stage(std::string_view what);
  /// The bar of a loop: `done` of `all` iterations, or whatever the unit is.
  void loop(std::string_view what, std::string_view unit, std::size_t done, std::size_t all,
            double seconds);

 private:
  [[nodiscard]] bool time_to_draw();
  void draw(const std::string& line);
  void clear_bar();

  bool quiet_;
  bool terminal_;
  bool bar_shown_ = false;
  std::chrono::steady_clock::time_point last_drawn_;
  std::chrono::steady_clock::time_point last_said_;  // of an epoch
  double last_loss_ = 0.0;
  bool has_loss_ = false;
};

}  // namespace hourglass::cli
