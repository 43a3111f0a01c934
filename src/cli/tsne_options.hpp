// What t-SNE is asked for on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <hourglass/tsne.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/progress.hpp"

namespace hourglass::cli {

/// --metric euclidean|cosine|correlation
void add_metric_to(CLI::App& command, Metric& metric);

struct TsneCommandOptions {
  TsneOptions options;                      ///< but for what the others say
  std::vector<double> perplexity = {30.0};  ///< more than one: several scales
  std::optional<double> learning_rate{};
  std::string init = "pca";
  bool stop_when_flat = false;
  std::optional<double> time_limit{};

  void add_to(CLI::App& command);
  /// Those of them that a study's map takes too: perplexity, iterations, early exaggeration, start
  /// and accuracy.
  void add_shared_to(CLI::App& command);
  /// For the library. Reads the initial map if --init names a file.
  [[nodiscard]] TsneOptions make() const;
  /// What is wrong with the map to start from is said of its own file.
  void check_start(const TsneOptions& made, std::size_t rows) const;
  [[nodiscard]] Json to_json() const;
};

/// Shows each stage and the iterations, and stops at Ctrl-C.
void watch(TsneOptions& options, Progress& progress);

/// kl_divergence, iterations, what ended them, history, seconds by stage.
[[nodiscard]] Json to_json(const TsneResult& result);

}  // namespace hourglass::cli
