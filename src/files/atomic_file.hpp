// Output that appears whole or not at all.
#pragma once

#include <concepts>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hourglass::files {

/// Writes `bytes` under a temporary name beside `file` and renames it into place. On any failure
/// the temporary file is removed and Error is thrown; what stood at `file` is untouched. When the
/// bytes reach the disk is left to the system.
void write_atomically(const std::filesystem::path& file, std::span<const char> bytes);
/// The pieces one after another: a header and its values need not be copied together first.
void write_atomically(const std::filesystem::path& file,
                      std::span<const std::span<const char>> pieces);
/// Text. A template so that std::string and literals, which are spans as well, are not ambiguous.
template <std::convertible_to<std::string_view> Text>
void write_atomically(const std::filesystem::path& file, const Text& text) {
  const std::string_view view = text;
  write_atomically(file, std::span<const char>(view.data(), view.size()));
}

/// Removes the temporary files of writes in progress, which then fail. Async-signal-safe: for the
/// handler of a signal that ends the program.
void remove_temporaries() noexcept;

/// The whole file. Throws Error naming the file when it is missing or cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace hourglass::files
