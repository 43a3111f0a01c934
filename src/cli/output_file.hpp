// Files that a command writes.
#pragma once

#include <filesystem>

#include "cli/options.hpp"

namespace hourglass::cli {

/// Throws Error, before any work is done, when there can be no such file.
void check_output_file(const std::filesystem::path& file);

/// The .json that goes beside a map. Throws UsageError when the map itself has that name.
[[nodiscard]] std::filesystem::path json_beside(const std::filesystem::path& file);

void save_json(const std::filesystem::path& file, const Json& json);

}  // namespace hourglass::cli
