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
  /// The line that a finished epoch leaves behind.
  void epoch(const EpochResult& result, std::size_t epochs);
  /// What is going on, until something else is; on a terminal only.
  void stage(std::string_view what);
  /// The bar of a loop of iterations.
  void iterations(std::string_view what, std::size_t done, std::size_t all, double seconds);

 private:
  [[nodiscard]] bool time_to_draw();
  void draw(const std::string& line);
  void clear_bar();

  bool quiet_;
  bool terminal_;
  bool bar_shown_ = false;
  std::chrono::steady_clock::time_point last_drawn_;
  double last_loss_ = 0.0;
  bool has_loss_ = false;
};

/// 12345.6 -> "12,346".
[[nodiscard]] std::string with_thousands(double value);
/// "0.42 s", "12 s", "3 min 20 s".
[[nodiscard]] std::string duration(double seconds);

}  // namespace hourglass::cli
