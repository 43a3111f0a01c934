// tsne --transform: new rows into a map that is there.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

#include "cli/options.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {

struct TsneTransformFiles {
  std::optional<std::filesystem::path> fresh;
  std::optional<std::filesystem::path> map;
  std::optional<std::filesystem::path> data;

  void add_to(CLI::App& command);
  [[nodiscard]] bool any() const { return fresh || map || data; }
};

/// Places the new rows and writes `out`. Of the command's options only those that say something to
/// a transform may be given.
void run_tsne_transform(const CLI::App& command, const TsneTransformFiles& files,
                        const TsneCommandOptions& tsne, const ComputeOptions& compute,
                        const std::filesystem::path& out);

}  // namespace hourglass::cli
