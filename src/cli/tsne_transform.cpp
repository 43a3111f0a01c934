#include "cli/tsne_transform.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/tsne_transform.hpp>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "cli/about_file.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/rows.hpp"
#include "data/check.hpp"
#include "files/messages.hpp"

namespace hourglass::cli {
namespace {

/// What goes with --transform.
constexpr std::array<std::string_view, 12> kAllowed{
    "--transform",     "--map",    "--data",   "--out",     "--perplexity", "--iterations",
    "--learning-rate", "--metric", "--device", "--threads", "--quiet",      "--help"};

void refuse_others(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = option->get_name();
    if (std::ranges::find(kAllowed, name) != kAllowed.end()) continue;
    throw UsageError((name == "input" ? "an array to map" : name) +
                     " says nothing to --transform, which places rows into a map that is there: "
                     "--transform NEW.npy --map MAP.npy --data X.npy --out PLACED.npy");
  }
}

bool given(const CLI::App& command, const std::string& option) {
  return command.get_option(option)->count() > 0;
}

TransformOptions options_of(const CLI::App& command, const TsneCommandOptions& tsne) {
  TransformOptions options;
  options.metric = tsne.options.metric;
  if (given(command, "--perplexity")) {
    if (tsne.perplexity.size() > 1) throw UsageError("--transform takes one --perplexity");
    options.perplexity = tsne.perplexity.front();
  }
  if (given(command, "--iterations")) {
    if (tsne.options.iterations > std::numeric_limits<std::uint32_t>::max()) {
      throw UsageError("--iterations of a --transform must be below 2^32");
    }
    options.schedule.iterations = static_cast<std::uint32_t>(tsne.options.iterations);
  }
  if (tsne.learning_rate) options.schedule.learning_rate = static_cast<float>(*tsne.learning_rate);
  return options;
}

/// As the metric has them; what is wrong with them is said of their own file.
Samples samples_of(Array<float> values, const std::filesystem::path& file, Metric metric,
                   const Device& device) {
  const Samples rows(std::move(values), device);
  require_finite(rows.host(), file.string());
  return about_file(file, [&] { return in_metric(rows, metric); });
}

Array<float> load_map(const TsneTransformFiles& files, std::size_t rows) {
  Array<float> map = load_npy(*files.map);
  const std::string file = files.map->string();
  if (map.shape != Shape{rows, 2} && map.shape != Shape{rows, 1}) {
    throw Error(file + ": its shape is " + files::shape_text(map.shape) + ", expected " +
                files::shape_text(Shape{rows, 2}) + " or " + files::shape_text(Shape{rows, 1}) +
                ", a point for each row of " + files.data->string());
  }
  require_finite(map, file);
  return map;
}

}  // namespace

void TsneTransformFiles::add_to(CLI::App& command) {
  command.add_option("--transform", fresh,
                     "instead of mapping: .npy rows to place into --map, a map of --data");
  command.add_option("--map", map, "... .npy (rows, 2) or (rows, 1), which stays as it is");
  command.add_option("--data", data,
                     "... .npy rows it was made of; then --perplexity is 5, --iterations 250, "
                     "--learning-rate 0.1 unless given");
}

void run_tsne_transform(const CLI::App& command, const TsneTransformFiles& files,
                        const TsneCommandOptions& tsne, const ComputeOptions& compute,
                        const std::filesystem::path& out) {
  if (!files.fresh || !files.map || !files.data) {
    throw UsageError(
        "--transform, --map and --data go together: new rows, a map, and the rows it was made of");
  }
  refuse_others(command);
  TransformOptions options = options_of(command, tsne);
  check_output_file(out);
  const auto json_file = json_beside(out);
  for (const auto& file : {out, json_file}) {
    check_not_read(file, {files.fresh, files.map, files.data});
  }
  const Device device = compute.select();
  Progress progress(compute.quiet);
  options.on_stage = [&progress](const char* stage) {
    progress.stage(std::string("t-SNE: ") + stage);
  };
  options.stop = interrupted;
  Rows rows = load_rows(*files.data, options.metric);
  const Samples training = samples_of(std::move(rows.values), *files.data, options.metric, device);
  const Array<float> map = load_map(files, training.rows());
  const Samples fresh = samples_of(load_rows_less(*files.fresh, rows.offset, options.metric),
                                   *files.fresh, options.metric, device);
  const Metric metric = std::exchange(options.metric, Metric::euclidean);  // they are in it

  const auto start = std::chrono::steady_clock::now();
  const Array<float> placed =
      about_file(*files.fresh, [&] { return tsne_transform(training, map, fresh, options); });
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  save_npy(out, placed);

  Json json;
  json["rows"] = placed.rows();
  json["training_rows"] = map.rows();
  json["options"] = {{"perplexity", options.perplexity},
                     {"metric", name_of(metric)},
                     {"start_neighbors", options.start_neighbors},
                     {"iterations", options.schedule.iterations},
                     {"exaggeration", options.schedule.exaggeration},
                     {"learning_rate", options.schedule.learning_rate},
                     {"momentum", options.schedule.momentum},
                     {"longest_gradient", options.schedule.longest_gradient}};
  json["seconds"] = seconds;
  json["device"] = device.summary;
  save_json(json_file, json);
  progress.say(with_thousands(static_cast<double>(placed.rows())) + " points placed among " +
               with_thousands(static_cast<double>(map.rows())) + ", " + duration(seconds) + "; " +
               out.string() + " (" + device.summary + ")");
}

}  // namespace hourglass::cli
