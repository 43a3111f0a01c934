#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/numbers.hpp"

namespace hourglass::cli {
namespace {

std::string bar(double fraction) {
  constexpr int kWidth = 24;
  const int filled = static_cast<int>(fraction * kWidth);
  std::string cells;
  for (int i = 0; i < kWidth; ++i) cells += i < filled ? "━" : "─";
  return cells;
}

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(isatty(STDOUT_FILENO) == 1) {}

void Progress::say(std::string_view line) {
  if (quiet_) return;
  clear_bar();
  std::cout << line << std::endl;  // at once, also into a pipe
}

bool Progress::time_to_draw() {
  if (quiet_ || !terminal_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_drawn_ < std::chrono::milliseconds(100)) return false;
  last_drawn_ = now;
  return true;
}

void Progress::draw(const std::string& line) {
  std::cout << "\r" << line << "\033[K" << std::flush;
  bar_shown_ = true;
}

void Progress::step(const TrainingProgress& progress) {
  if (!time_to_draw()) return;
  const double fraction =
      static_cast<double>(progress.images_seen) / static_cast<double>(progress.images);
  const double rate = static_cast<double>(progress.images_seen) / progress.seconds;
  const double images_left = static_cast<double>(
      (progress.epochs - progress.epoch + 1) * progress.images - progress.images_seen);
  std::string line = format("epoch %2zu/%zu  ", progress.epoch, progress.epochs) + bar(fraction) +
                     format(" %3.0f%%  ", 100.0 * fraction) + with_thousands(rate) + " images/s";
  if (has_loss_) line += "  loss " + loss_text(last_loss_);
  draw(line + "  " + duration(images_left / rate) + " left");
}

void Progress::stage(std::string_view what) {
  if (quiet_ || !terminal_) return;
  draw(std::string(what) + " ...");
}

void Progress::loop(std::string_view what, std::string_view unit, std::size_t done, std::size_t all,
                    double seconds) {
  if (!time_to_draw()) return;
  const double fraction = static_cast<double>(done) / static_cast<double>(all);
  draw(std::string(what) + "  " + bar(fraction) + format(" %zu/%zu ", done, all) +
       std::string(unit) + "  " + duration(seconds * (1.0 - fraction) / fraction) + " left");
}

void Progress::epoch(const EpochResult& result, std::size_t epochs) {
  constexpr std::size_t kFew = 30;
  constexpr std::size_t kLines = 10;  // of many
  last_loss_ = result.train_loss;
  has_loss_ = true;
  const bool many = epochs > kFew;
  const auto now = std::chrono::steady_clock::now();
  const bool due =
      result.epoch == 1 || result.epoch % std::max(epochs / kLines, std::size_t{1}) == 0;
  if (many && !due && now - last_said_ < std::chrono::seconds(1)) return;
  last_said_ = now;
  std::string line = format("epoch %2zu/%zu  training loss ", result.epoch, epochs) +
                     loss_text(result.train_loss) + "  validation loss " +
                     loss_text(result.validation_loss);
  if (!many || result.seconds > 0.1) {
    line += "  " + duration(result.seconds) + "  " + with_thousands(result.images_per_second) +
            " images/s";
  }
  say(line);
}

void Progress::clear_bar() {
  if (!bar_shown_) return;
  std::cout << "\r\033[K";
  bar_shown_ = false;
}

}  // namespace hourglass::cli
