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
[[nodiscard]] std::string name_of(Metric metric);

struct TsneCommandOptions {
  std::vector<double> perplexity = {30.0};  ///< more than one: several scales
  Metric metric = Metric::euclidean;
  std::size_t iterations = 1000;
  std::optional<double> learning_rate;
  double early_exaggeration = 12.0;
  std::string init = "pca";
  TsneAccuracy accuracy = TsneAccuracy::standard;
  std::uint64_t seed = 0;
  std::size_t divergence_interval = 0;

  void add_to(CLI::App& command);
  /// For the library. Reads the initial map if --init names a file.
  [[nodiscard]] TsneOptions make() const;
  [[nodiscard]] Json to_json() const;
};

/// Shows each stage and the iterations, and stops at Ctrl-C.
void watch(TsneOptions& options, Progress& progress);

/// kl_divergence, iterations, history, seconds by stage.
[[nodiscard]] Json to_json(const TsneResult& result);

}  // namespace hourglass::cli
