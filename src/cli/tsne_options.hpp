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
  std::size_t components = 2;
  std::vector<double> perplexity = {30.0};  ///< more than one: several scales
  Metric metric = Metric::euclidean;
  std::size_t iterations = 1000;
  std::optional<double> learning_rate;
  std::size_t early_iterations = 250;
  double early_exaggeration = 12.0;
  double exaggeration = 1.0;
  double early_momentum = 0.5;
  double momentum = 0.8;
  double dof = 1.0;
  std::string init = "pca";
  TsneAccuracy accuracy = TsneAccuracy::standard;
  std::uint64_t seed = 0;
  std::size_t divergence_interval = 0;
  std::size_t snapshot_interval = 0;
  bool stop_when_flat = false;
  std::optional<double> time_limit;
  bool keep_interrupted = false;

  void add_to(CLI::App& command);
  /// For the library. Reads the initial map if --init names a file.
  [[nodiscard]] TsneOptions make() const;
  [[nodiscard]] Json to_json() const;
};

/// Shows each stage and the iterations, and stops at Ctrl-C.
void watch(TsneOptions& options, Progress& progress);

/// kl_divergence, iterations, what ended them, history, seconds by stage.
[[nodiscard]] Json to_json(const TsneResult& result);

}  // namespace hourglass::cli
