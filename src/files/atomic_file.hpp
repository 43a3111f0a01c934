// Output that appears whole or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hourglass::files {

/// Writes `bytes` under a temporary name beside `file`, flushes, and renames it into place. On any
/// failure the temporary file is removed and Error is thrown; what stood at `file` is untouched.
void write_atomically(const std::filesystem::path& file, std::span<const char> bytes);
void write_atomically(const std::filesystem::path& file, std::string_view text);

/// The whole file. Throws Error naming the file when it is missing or cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace hourglass::files
