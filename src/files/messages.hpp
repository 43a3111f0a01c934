// Pieces of error messages: whatever a file holds, the message stays one line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hourglass::files {

/// The fewest digits that are this number: "30", "0.1", "1e+30".
[[nodiscard]] std::string number_text(double value);

/// `text` with control characters as \xNN, cut after `limit` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 80);

/// The file's path as the user gave it, in full.
[[nodiscard]] std::string path_text(const std::filesystem::path& file);

/// As in Python: (), (3,), (60000, 28, 28).
[[nodiscard]] std::string shape_text(std::span<const std::size_t> shape);

/// Throws Error: what is wrong with the file of this name.
[[noreturn]] void fail(const std::string& name, const std::string& why);

}  // namespace hourglass::files
