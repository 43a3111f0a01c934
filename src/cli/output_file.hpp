// Files that a command writes.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "cli/options.hpp"

namespace hourglass::cli {

/// Whether both names are of one file that is there.
[[nodiscard]] bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Throws Error, before any work is done, when there can be no such file.
void check_output_file(const std::filesystem::path& file);

/// Throws UsageError when `file`, which --out makes the command write, is one that it reads.
void check_not_read(const std::filesystem::path& file,
                    const std::vector<std::optional<std::filesystem::path>>& inputs);

/// The .json that goes beside a map. Throws UsageError when the map itself has that name.
[[nodiscard]] std::filesystem::path json_beside(const std::filesystem::path& file);

void save_json(const std::filesystem::path& file, const Json& json);

}  // namespace hourglass::cli
