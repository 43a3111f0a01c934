#include "cli/numbers.hpp"

#include <cmath>

namespace hourglass::cli {

std::string with_thousands(double value) {
  std::string digits = std::to_string(std::llround(value));
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

std::string duration(double seconds) {
  if (seconds < 10.0) return format("%.2f s", seconds);
  if (seconds < 120.0) return format("%.0f s", seconds);
  return format("%.0f min %.0f s", std::floor(seconds / 60.0), std::fmod(seconds, 60.0));
}

std::string loss_text(double loss) {
  return format(loss < 0.01 ? "%.2e" : "%.4f", loss);
}

std::string percent(double share) {
  return format("%.1f %%", 100.0 * share);
}

std::string plain(double value) {
  return format("%g", value);
}

std::string fixed(double value, int decimals) {
  return format("%.*f", decimals, value);
}

}  // namespace hourglass::cli
