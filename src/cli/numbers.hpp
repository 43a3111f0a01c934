// Numbers as people read them.
#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace hourglass::cli {

/// As printf, for a short text.
template <class... Arguments>
[[nodiscard]] std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 200> text{};
  const int size = std::snprintf(text.data(), text.size(), pattern, arguments...);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// 12345.6 -> "12,346".
[[nodiscard]] std::string with_thousands(double value);
/// "0.42 s", "12 s", "3 min 20 s".
[[nodiscard]] std::string duration(double seconds);
/// Losses: four decimals, or three digits where those would show little: "0.0718", "2.14e-04".
[[nodiscard]] std::string loss_text(double loss);
/// A share as "89.7 %".
[[nodiscard]] std::string percent(double share);
/// As short as it goes: 0.3, 200, 1e-06.
[[nodiscard]] std::string plain(double value);
/// With so many decimals.
[[nodiscard]] std::string fixed(double value, int decimals);

}  // namespace hourglass::cli
