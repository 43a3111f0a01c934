#include "cli/tsne_options.hpp"

#include <array>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <utility>

#include "cli/interrupt.hpp"

namespace hourglass::cli {
namespace {

const Words<TsneAccuracy> kAccuracies{{"fast", TsneAccuracy::fast},
                                      {"default", TsneAccuracy::standard},
                                      {"high", TsneAccuracy::high}};

constexpr double kFlatTolerance = 0.005;  // of the KL divergence

/// By TsneStop.
constexpr std::array kStops{"iterations", "flat", "time limit", "interrupted"};
const Words<Metric> kMetrics{{"euclidean", Metric::euclidean},
                             {"cosine", Metric::cosine},
                             {"correlation", Metric::correlation}};

}  // namespace

void add_metric_to(CLI::App& command, Metric& metric) {
  command.add_option("--metric", metric, "of the data: euclidean, cosine or correlation")
      ->transform(one_of(kMetrics))
      ->default_str("euclidean");
}

std::string name_of(Metric metric) {
  return kMetrics[static_cast<std::size_t>(metric)].first;
}

void TsneCommandOptions::add_to(CLI::App& command) {
  command.add_option("--components", components, "dimensions of the map: 1, 2 or 3")
      ->transform(whole_number(1, 3))
      ->capture_default_str();
  command
      .add_option(
          "--perplexity", perplexity,
          "how many neighbours a point sees, about; several, as 30,300, average over scales")
      ->delimiter(',')
      ->transform(positive_number())
      ->default_str("30");
  add_metric_to(command, metric);
  command.add_option("--learning-rate", learning_rate, "(default: from the number of rows)")
      ->transform(positive_number());
  command
      .add_option("--early-iterations", early_iterations, "of --iterations, the exaggerated ones")
      ->transform(whole_number(0))
      ->capture_default_str();
  command
      .add_option("--early-exaggeration", early_exaggeration, "of attraction, in early iterations")
      ->transform(positive_number())
      ->capture_default_str();
  command.add_option("--iterations", iterations, "steps of the map, early ones included")
      ->transform(whole_number(1))
      ->capture_default_str();
  command.add_option("--exaggeration", exaggeration, "of attraction, in all later iterations")
      ->transform(positive_number())
      ->capture_default_str();
  command
      .add_option("--dof", dof,
                  "degrees of freedom of the map's kernel; below 1: heavier tails, finer clusters")
      ->transform(number(0.1, 1000.0))
      ->capture_default_str();
  command.add_option("--early-momentum", early_momentum, "in early iterations")
      ->transform(number(0.0, 0.9999))
      ->capture_default_str();
  command.add_option("--momentum", momentum, "in all later iterations")
      ->transform(number(0.0, 0.9999))
      ->capture_default_str();
  command.add_option("--init", init, "pca, random, or a .npy file with a map to start from")
      ->capture_default_str();
  command.add_option("--accuracy", accuracy, "of the repulsion: fast, default or high")
      ->transform(one_of(kAccuracies))
      ->default_str("default");
  command.add_option("--seed", seed, "of a random start")
      ->transform(whole_number(0))
      ->capture_default_str();
  command.add_flag("--stop-when-flat", stop_when_flat,
                   "stop where what is left would change the KL divergence by less than 0.005");
  command
      .add_option("--time-limit", time_limit,
                  "seconds, neighbours and all, after which no iteration begins")
      ->transform(positive_number());
  command.add_flag("--keep-interrupted", keep_interrupted,
                   "after Ctrl-C write the map as it stands, not nothing");
  command
      .add_option("--kl-interval", divergence_interval,
                  "record the KL divergence every so many iterations")
      ->transform(whole_number(1));
  command
      .add_option("--snapshots", snapshot_interval,
                  "keep the map every so many iterations, in MAP.snapshots.npy")
      ->transform(whole_number(1));
}

TsneOptions TsneCommandOptions::make() const {
  TsneOptions options;
  options.components = components;
  options.perplexity = perplexity.front();
  if (perplexity.size() > 1) options.perplexities = perplexity;
  options.metric = metric;
  options.iterations = iterations;
  options.schedule.learning_rate = learning_rate.value_or(0.0);
  options.schedule.early_iterations = early_iterations;
  options.schedule.early_exaggeration = early_exaggeration;
  options.schedule.late_exaggeration = exaggeration;
  options.schedule.early_momentum = early_momentum;
  options.schedule.late_momentum = momentum;
  options.dof = dof;
  options.seed = seed;
  options.accuracy = accuracy;
  options.divergence_interval = divergence_interval;
  options.snapshot_interval = snapshot_interval;
  options.flat_tolerance = stop_when_flat ? kFlatTolerance : 0.0;
  options.time_limit = time_limit.value_or(0.0);
  options.keep_interrupted = keep_interrupted;
  if (init == "random") {
    options.initialization = TsneInitialization::random;
  } else if (init != "pca") {
    if (!init.ends_with(".npy")) {
      throw UsageError("unknown --init '" + init + "'; there are: pca, random, FILE.npy");
    }
    options.initial_map = load_npy(init);
  }
  return options;
}

Json TsneCommandOptions::to_json() const {
  Json json;
  json["components"] = components;
  json["perplexity"] = perplexity.size() == 1 ? Json(perplexity.front()) : Json(perplexity);
  json["metric"] = name_of(metric);
  json["iterations"] = iterations;
  json["learning_rate"] = learning_rate ? Json(*learning_rate) : Json("auto");
  json["early_iterations"] = early_iterations;
  json["early_exaggeration"] = early_exaggeration;
  json["exaggeration"] = exaggeration;
  json["early_momentum"] = early_momentum;
  json["momentum"] = momentum;
  json["dof"] = dof;
  json["init"] = init;
  json["accuracy"] = kAccuracies[static_cast<std::size_t>(accuracy)].first;
  json["seed"] = seed;
  json["stop_when_flat"] = stop_when_flat;
  json["time_limit"] = time_limit ? Json(*time_limit) : Json(nullptr);
  json["snapshots"] = snapshot_interval > 0 ? Json(snapshot_interval) : Json(nullptr);
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
  json["stopped"] = kStops[static_cast<std::size_t>(result.stopped)];
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
