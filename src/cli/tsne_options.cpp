#include "cli/tsne_options.hpp"

#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <utility>

#include "cli/interrupt.hpp"
#include "data/check.hpp"
#include "files/messages.hpp"

namespace hourglass::cli {
namespace {

constexpr double kFlatTolerance = 0.005;  // of the KL divergence

}  // namespace

void add_metric_to(CLI::App& command, Metric& metric) {
  command.add_option("--metric", metric, "of the data: euclidean, cosine or correlation")
      ->transform(one_of<Metric>())
      ->default_str("euclidean");
}

void TsneCommandOptions::add_shared_to(CLI::App& command) {
  command
      .add_option(
          "--perplexity", perplexity,
          "how many neighbours a point sees, about; several, as 30,300, average over scales")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->transform(positive_number())
      ->default_str("30");
  command.add_option("--iterations", options.iterations, "steps of the map, early ones included")
      ->transform(whole_number(1))
      ->capture_default_str();
  command
      .add_option("--early-exaggeration", options.schedule.early_exaggeration,
                  "of attraction, in early iterations")
      ->transform(number(1.0, 1e30))
      ->capture_default_str();
  command.add_option("--init", init, "pca, random, or a .npy file with a map to start from")
      ->capture_default_str();
  command.add_option("--accuracy", options.accuracy, "of the repulsion: fast, default or high")
      ->transform(one_of<TsneAccuracy>())
      ->default_str("default");
}

void TsneCommandOptions::add_to(CLI::App& command) {
  TsneSchedule& schedule = options.schedule;
  command.add_option("--components", options.components, "dimensions of the map: 1, 2 or 3")
      ->transform(whole_number(1, 3))
      ->capture_default_str();
  add_shared_to(command);
  add_metric_to(command, options.metric);
  command.add_option("--learning-rate", learning_rate, "(default: from the number of rows)")
      ->transform(positive_number());
  command
      .add_option("--early-iterations", schedule.early_iterations,
                  "of --iterations, the exaggerated ones")
      ->transform(whole_number(0))
      ->capture_default_str();
  command
      .add_option("--exaggeration", schedule.late_exaggeration,
                  "of attraction, in all later iterations")
      ->transform(positive_number())
      ->capture_default_str();
  command
      .add_option("--dof", options.dof,
                  "degrees of freedom of the map's kernel; below 1: heavier tails, finer clusters")
      ->transform(number(0.1, 1000.0))
      ->capture_default_str();
  command.add_option("--early-momentum", schedule.early_momentum, "in early iterations")
      ->transform(number(0.0, 0.9999))
      ->capture_default_str();
  command.add_option("--momentum", schedule.late_momentum, "in all later iterations")
      ->transform(number(0.0, 0.9999))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "of a random start")
      ->transform(whole_number(0))
      ->capture_default_str();
  command.add_flag("--stop-when-flat", stop_when_flat,
                   "stop where what is left would change the KL divergence by less than 0.005");
  command
      .add_option("--time-limit", time_limit,
                  "seconds, neighbours and all, after which no iteration begins but the first few; "
                  "neighbours and the last divergence are not cut short")
      ->transform(positive_number());
  command.add_flag("--keep-interrupted", options.keep_interrupted,
                   "after Ctrl-C write the map as it stands, not nothing");
  command
      .add_option("--kl-interval", options.divergence_interval,
                  "record the KL divergence every so many iterations")
      ->transform(whole_number(1));
  command
      .add_option("--snapshots", options.snapshot_interval,
                  "keep the map every so many iterations, in MAP.snapshots.npy")
      ->transform(whole_number(1));
}

TsneOptions TsneCommandOptions::make() const {
  TsneOptions made = options;
  if (!perplexity.empty()) made.perplexity = perplexity.front();
  if (perplexity.size() > 1) made.perplexities = perplexity;
  made.schedule.learning_rate = learning_rate.value_or(0.0);
  made.flat_tolerance = stop_when_flat ? kFlatTolerance : 0.0;
  made.time_limit = time_limit.value_or(0.0);
  if (init == "random") {
    made.initialization = TsneInitialization::random;
  } else if (init != "pca") {
    if (!init.ends_with(".npy")) {
      throw UsageError("unknown --init '" + init + "'; there are: pca, random, FILE.npy");
    }
    made.initial_map = load_npy(init);
  }
  return made;
}

void TsneCommandOptions::check_start(const TsneOptions& made, std::size_t rows) const {
  if (!made.initial_map) return;
  const Array<float>& map = *made.initial_map;
  const Shape expected{rows, made.components};
  if (map.shape != expected) {
    throw Error(init + ": the initial map has shape " + files::shape_text(map.shape) +
                ", expected " + files::shape_text(expected) + ", a point for each row");
  }
  require_finite(map, init);
  require_distinct_rows(map, init, "points in one place never part");
}

Json TsneCommandOptions::to_json() const {
  Json json;
  json["components"] = options.components;
  json["perplexity"] = perplexity.size() == 1 ? Json(perplexity.front()) : Json(perplexity);
  json["metric"] = name_of(options.metric);
  json["iterations"] = options.iterations;
  json["learning_rate"] = learning_rate ? Json(*learning_rate) : Json("auto");
  json["early_iterations"] = options.schedule.early_iterations;
  json["early_exaggeration"] = options.schedule.early_exaggeration;
  json["exaggeration"] = options.schedule.late_exaggeration;
  json["early_momentum"] = options.schedule.early_momentum;
  json["momentum"] = options.schedule.late_momentum;
  json["dof"] = options.dof;
  json["init"] = init;
  json["accuracy"] = name_of(options.accuracy);
  json["seed"] = options.seed;
  json["stop_when_flat"] = stop_when_flat;
  json["time_limit"] = time_limit ? Json(*time_limit) : Json(nullptr);
  json["snapshots"] =
      options.snapshot_interval > 0 ? Json(options.snapshot_interval) : Json(nullptr);
  return json;
}

void watch(TsneOptions& options, Progress& progress) {
  options.on_stage = [&progress](const char* stage) {
    progress.stage(std::string("t-SNE: ") + stage);
  };
  options.on_progress = [&progress](const TsneProgress& step) {
    progress.loop("t-SNE", "iterations", step.iteration, step.iterations, step.seconds);
  };
  options.stop = interrupted;
}

Json to_json(const TsneResult& result) {
  Json json;
  json["kl_divergence"] = result.kl_divergence;
  json["iterations"] = result.iterations;
  json["stopped"] = name_of(result.stopped);
  json["neighbors"] = result.neighbors;
  json["learning_rate"] = result.learning_rate;
  json["grid_overflows"] = result.overflows;
  json["grid_iterations"] = result.grid_iterations;
  json["kl_history"] = Json::array();
  for (const DivergenceAt& entry : result.history) {
    json["kl_history"].push_back(
        {{"iteration", entry.iteration}, {"kl_divergence", entry.kl_divergence}});
  }
  json["seconds"] = {{"neighbors", result.seconds.neighbors},
                     {"affinities", result.seconds.affinities},
                     {"initialization", result.seconds.initialization},
                     {"optimization", result.seconds.optimization},
                     {"divergence", result.seconds.divergence}};
  return json;
}

}  // namespace hourglass::cli
