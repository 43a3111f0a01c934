// tsne: a map of any array, or of a neighbour graph.
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/tsne.hpp>
#include <memory>
#include <string>

#include "cli/about_file.hpp"
#include "cli/commands.hpp"
#include "cli/numbers.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {
namespace {

struct Options {
  ComputeOptions compute;
  TsneCommandOptions tsne;
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> neighbor_indices;
  std::optional<std::filesystem::path> neighbor_distances;
  std::filesystem::path out;
};

NeighborGraph load_graph(const std::filesystem::path& indices,
                         const std::filesystem::path& distances) {
  const Array<float> numbers = load_npy(indices);
  NeighborGraph graph{.indices = Array<std::uint32_t>(numbers.shape),
                      .distances = load_npy(distances)};
  constexpr float kExact = 16777216.f;  // up to 2^24 a float holds every whole number
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const float number = numbers.values[i];
    if (!(number >= 0.f) || number > kExact || number != std::floor(number)) {
      throw Error(indices.string() + ": value " + std::to_string(i) +
                  " is not the index of a row (a whole number from 0 to 2^24)");
    }
    graph.indices.values[i] = static_cast<std::uint32_t>(number);
  }
  return graph;
}

TsneResult map(const Options& options, const TsneOptions& tsne_options, const Device& device) {
  if (options.input) {
    const Samples x(load_npy(*options.input), device);
    return about_file(*options.input, [&] { return tsne(x, tsne_options); });
  }
  const NeighborGraph graph = load_graph(*options.neighbor_indices, *options.neighbor_distances);
  return about_file(*options.neighbor_indices, [&] { return tsne(graph, tsne_options, device); });
}

/// map.npy -> map.snapshots.npy
std::filesystem::path snapshots_beside(const std::filesystem::path& map) {
  return std::filesystem::path(map).replace_extension(".snapshots.npy");
}

std::string why_fewer(TsneStop stopped) {
  return stopped == TsneStop::flat         ? " (then it was flat)"
         : stopped == TsneStop::time_limit ? " (then the time was up)"
                                           : "";
}

void run_tsne(const Options& options) {
  const bool has_graph = options.neighbor_indices && options.neighbor_distances;
  const bool half_graph = options.neighbor_indices || options.neighbor_distances;
  if (options.input ? half_graph : !has_graph) {
    throw UsageError(
        "tsne maps an array, X.npy, or in its place a graph: --neighbor-indices and "
        "--neighbor-distances, both; see hourglass tsne --help");
  }
  check_output_file(options.out);
  const auto json_file = json_beside(options.out);
  const Device device = options.compute.select();
  Progress progress(options.compute.quiet);
  TsneOptions tsne_options = options.tsne.make();
  watch(tsne_options, progress);
  const TsneResult result = map(options, tsne_options, device);
  save_npy(options.out, result.map);

  Json json = to_json(result);
  if (!result.snapshot_iterations.empty()) {
    const auto file = snapshots_beside(options.out);
    save_npy(file, result.snapshots);
    json["snapshots"] = {{"file", file.filename().string()},
                         {"iterations", result.snapshot_iterations}};
  }
  json["options"] = options.tsne.to_json();
  json["device"] = device.summary;
  save_json(json_file, json);
  if (result.stopped == TsneStop::interrupted) {
    throw Stopped("interrupted; " + options.out.string() + " holds the map after " +
                  std::to_string(result.iterations) + " iterations");
  }
  const TsneSeconds& s = result.seconds;
  progress.say(
      with_thousands(static_cast<double>(result.map.rows())) + " points, " +
      std::to_string(result.iterations) + " iterations" + why_fewer(result.stopped) +
      ", KL divergence " + std::to_string(result.kl_divergence) + ", " +
      duration(s.neighbors + s.affinities + s.initialization + s.optimization + s.divergence) +
      "; " + options.out.string() + " (" + device.summary + ")");
}

}  // namespace

void add_tsne_command(CLI::App& program) {
  CLI::App& command = *program.add_subcommand("tsne", "t-SNE map of any array");
  auto options = std::make_shared<Options>();
  command.add_option("input", options->input, ".npy array, rows are samples");
  command.add_option("--neighbor-indices", options->neighbor_indices,
                     "instead of an array: .npy (rows, k), each row's neighbours");
  command.add_option("--neighbor-distances", options->neighbor_distances,
                     "... and their distances, increasing in each row");
  command.add_option("--out", options->out, ".npy file to write; a .json goes beside it")
      ->required();
  options->tsne.add_to(command);
  options->compute.add_device_to(command);
  command.callback([options] { run_tsne(*options); });
}

}  // namespace hourglass::cli
