// tsne: a map of any array, of a neighbour graph, or of distances; new points in a map.
#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/tsne.hpp>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "cli/about_file.hpp"
#include "cli/commands.hpp"
#include "cli/numbers.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/rows.hpp"
#include "cli/tsne_options.hpp"
#include "cli/tsne_transform.hpp"
#include "files/atomic_file.hpp"
#include "files/messages.hpp"
#include "files/npy_format.hpp"

namespace hourglass::cli {
namespace {

struct Options {
  ComputeOptions compute;
  TsneCommandOptions tsne;
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> neighbor_indices;
  std::optional<std::filesystem::path> neighbor_distances;
  std::optional<std::filesystem::path> neighbor_offsets;
  std::optional<std::filesystem::path> distances;
  TsneTransformFiles transform;
  std::filesystem::path out;
};

/// Whole numbers of 32 bits; `what` each is: "the index of a row", "an offset".
Array<std::uint32_t> load_numbers(const std::filesystem::path& file, const std::string& what) {
  const std::string name = files::path_text(file);
  const auto numbers = files::parse_npy_numbers(files::read_file(file), name);
  return std::visit(
      [&](const auto& given) {
        Array<std::uint32_t> result(given.shape);
        for (std::size_t i = 0; i < given.size(); ++i) {
          const double number = given.values[i];
          if (!(number >= 0.0 && number < 0x1p32) || number != std::floor(number)) {
            throw Error(name + ": value " + std::to_string(i) + " is not " + what +
                        " (a whole number from 0 to 2^32 - 1)");
          }
          result.values[i] = static_cast<std::uint32_t>(number);
        }
        return result;
      },
      numbers);
}

/// Of a graph, whose files are judged together: "i.npy, d.npy".
TsneResult map_graph(const Options& options, const TsneOptions& tsne_options,
                     const Device& device) {
  NeighborGraph graph{.indices = load_numbers(*options.neighbor_indices, "the index of a row"),
                      .distances = load_npy(*options.neighbor_distances)};
  std::string names =
      options.neighbor_indices->string() + ", " + options.neighbor_distances->string();
  if (!options.neighbor_offsets) {
    options.tsne.check_start(tsne_options, graph.indices.rows());
    return about_file(names, [&] { return tsne(graph, tsne_options, device); });
  }
  const SparseDistances sparse{.offsets = load_numbers(*options.neighbor_offsets, "an offset"),
                               .columns = std::move(graph.indices),
                               .distances = std::move(graph.distances)};
  options.tsne.check_start(tsne_options, std::max<std::size_t>(sparse.offsets.size(), 1) - 1);
  names += ", " + options.neighbor_offsets->string();
  return about_file(names, [&] { return tsne(sparse, tsne_options, device); });
}

TsneResult map(const Options& options, const TsneOptions& tsne_options, const Device& device) {
  if (options.input) {
    const Samples x(load_rows(*options.input, options.tsne.options.metric).values, device);
    options.tsne.check_start(tsne_options, x.rows());
    return about_file(*options.input, [&] { return tsne(x, tsne_options); });
  }
  if (!options.distances) return map_graph(options, tsne_options, device);
  const Array<float> distances = load_npy(*options.distances);
  options.tsne.check_start(tsne_options, distances.rows());
  return about_file(*options.distances,
                    [&] { return tsne_of_distances(distances, tsne_options, device); });
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

/// One source of neighbours, and a whole one.
void check_sources(const CLI::App& command, const Options& options) {
  const bool graph =
      options.neighbor_indices || options.neighbor_distances || options.neighbor_offsets;
  const bool whole_graph = options.neighbor_indices && options.neighbor_distances;
  const int sources = (options.input ? 1 : 0) + (options.distances ? 1 : 0) + (graph ? 1 : 0);
  if (sources != 1 || (graph && !whole_graph)) {
    throw UsageError(
        "tsne maps an array, X.npy, or in its place --distances, or a graph: "
        "--neighbor-indices and --neighbor-distances, both; see hourglass tsne --help");
  }
  if (options.input) return;
  if (options.tsne.options.metric != Metric::euclidean) {
    throw UsageError("--metric measures an array, and there are distances in its place");
  }
  if (options.tsne.init == "pca" && command.get_option("--init")->count() > 0) {
    throw UsageError("--init pca is of an array, and there are distances in its place");
  }
}

void run_tsne(const CLI::App& command, const Options& options) {
  if (options.transform.any()) {
    run_tsne_transform(command, options.transform, options.tsne, options.compute, options.out);
    return;
  }
  check_sources(command, options);
  check_output_file(options.out);
  const auto json_file = json_beside(options.out);
  const auto snapshots_file = snapshots_beside(options.out);
  for (const auto& file : {options.out, json_file, snapshots_file}) {
    check_not_read(file, {options.input, options.neighbor_indices, options.neighbor_distances,
                          options.neighbor_offsets, options.distances, options.tsne.init});
  }
  const Device device = options.compute.select();
  Progress progress(options.compute.quiet);
  TsneOptions tsne_options = options.tsne.make();
  watch(tsne_options, progress);
  const TsneResult result = map(options, tsne_options, device);
  save_npy(options.out, result.map);

  Json json = to_json(result);
  if (!result.snapshot_iterations.empty()) {
    save_npy(snapshots_file, result.snapshots);
    json["snapshots"] = {{"file", snapshots_file.filename().string()},
                         {"iterations", result.snapshot_iterations}};
  } else {
    std::error_code ignored;
    std::filesystem::remove(snapshots_file, ignored);  // of an earlier map
  }
  json["options"] = options.tsne.to_json();
  if (!options.input && options.tsne.init == "pca") json["options"]["init"] = "random";
  json["device"] = device.summary;
  save_json(json_file, json);
  if (result.stopped == TsneStop::interrupted) {
    throw Stopped("interrupted; " + options.out.string() + " holds the map after " +
                  std::to_string(result.iterations) + " iterations");
  }
  const TsneSchedule& schedule = tsne_options.schedule;
  const bool no_late_ones = result.iterations <= schedule.early_iterations;
  const std::string note = no_late_ones && schedule.early_exaggeration > schedule.late_exaggeration
                               ? ", all exaggerated, as --early-iterations has it"
                               : "";
  const TsneSeconds& s = result.seconds;
  progress.say(
      with_thousands(static_cast<double>(result.map.rows())) + " points, " +
      std::to_string(result.iterations) + " iterations" + why_fewer(result.stopped) + note +
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
  command.add_option("--neighbor-offsets", options->neighbor_offsets,
                     "... or both as flat lists of a sparse matrix's compressed rows, and where "
                     "each row begins (SciPy's indices, data and indptr)");
  command.add_option("--distances", options->distances,
                     "instead of an array: .npy (rows, rows), the distances of all pairs");
  command.add_option("--out", options->out, ".npy file to write; a .json goes beside it")
      ->required();
  options->tsne.add_to(command);
  options->compute.add_device_to(command);
  options->transform.add_to(command);
  command.callback([options, &command] { run_tsne(command, *options); });
}

}  // namespace hourglass::cli
