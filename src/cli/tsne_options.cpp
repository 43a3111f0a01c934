#include "cli/tsne_options.hpp"

#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <utility>

#include "cli/interrupt.hpp"

namespace hourglass::cli {
namespace {

const Words<TsneAccuracy> kAccuracies{{"fast", TsneAccuracy::fast},
                                      {"default", TsneAccuracy::standard},
                                      {"high", TsneAccuracy::high}};

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
  command
      .add_option(
          "--perplexity", perplexity,
          "how many neighbours a point sees, about; several, as 30,300, average over scales")
      ->delimiter(',')
      ->transform(positive_number())
      ->default_str("30");
  add_metric_to(command, metric);
  command.add_option("--iterations", iterations, "steps of the map")
      ->transform(whole_number(1))
      ->capture_default_str();
  command.add_option("--learning-rate", learning_rate, "(default: from the number of rows)")
      ->transform(positive_number());
  command.add_option("--early-exaggeration", early_exaggeration, "of the first 250 iterations")
      ->transform(positive_number())
      ->capture_default_str();
  command.add_option("--init", init, "pca, random, or a .npy file with a map to start from")
      ->capture_default_str();
  command.add_option("--accuracy", accuracy, "of the repulsion: fast, default or high")
      ->transform(one_of(kAccuracies))
      ->default_str("default");
  command.add_option("--seed", seed, "of a random start")
      ->transform(whole_number(0))
      ->capture_default_str();
  command
      .add_option("--kl-interval", divergence_interval,
                  "record the KL divergence every so many iterations")
      ->transform(whole_number(1));
}

TsneOptions TsneCommandOptions::make() const {
  TsneOptions options;
  options.perplexity = perplexity.front();
  if (perplexity.size() > 1) options.perplexities = perplexity;
  options.metric = metric;
  options.iterations = iterations;
  options.schedule.learning_rate = learning_rate.value_or(0.0);
  options.schedule.early_exaggeration = early_exaggeration;
  options.seed = seed;
  options.accuracy = accuracy;
  options.divergence_interval = divergence_interval;
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
  json["perplexity"] = perplexity.size() == 1 ? Json(perplexity.front()) : Json(perplexity);
  json["metric"] = name_of(metric);
  json["iterations"] = iterations;
  json["learning_rate"] = learning_rate ? Json(*learning_rate) : Json("auto");
  json["early_exaggeration"] = early_exaggeration;
  json["init"] = init;
  json["accuracy"] = kAccuracies[static_cast<std::size_t>(accuracy)].first;
  json["seed"] = seed;
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
  json["neighbors"] = result.neighbors;
  json["learning_rate"] = result.learning_rate;
  json["grid_overflows"] = result.overflows;
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
