// Enums by the names that options, files and Python have for their values.
#pragma once

#include <array>
#include <cstddef>
#include <hourglass/error.hpp>
#include <string>
#include <string_view>

namespace hourglass {

/// In the enum's order. Specialised beside each enum that has names.
template <class Enum>
inline constexpr std::array<std::string_view, 0> kNames{};

template <class Enum>
concept Named = !kNames<Enum>.empty();

template <Named Enum>
[[nodiscard]] constexpr std::string_view name_of(Enum value) {
  return kNames<Enum>[static_cast<std::size_t>(value)];
}

/// Throws UsageError, which calls the enum `what`, for a name that it does not have.
template <Named Enum>
[[nodiscard]] Enum parse(std::string_view name, const std::string& what) {
  std::string names;
  for (std::size_t i = 0; i < kNames<Enum>.size(); ++i) {
    if (name == kNames<Enum>[i]) return static_cast<Enum>(i);
    names.append(i == 0 ? "" : ", ").append(kNames<Enum>[i]);
  }
  throw UsageError("unknown " + what + " '" + std::string(name) + "'; there are: " + names);
}

}  // namespace hourglass
