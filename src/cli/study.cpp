#include "cli/study.hpp"

#include <algorithm>
#include <chrono>
#include <hourglass/npy.hpp>
#include <hourglass/replicas.hpp>
#include <hourglass/version.hpp>
#include <utility>

#include "cli/figures.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/replicas_report.hpp"

namespace hourglass::cli {

void StudyOptions::add_replicas_to(CLI::App& command) {
  command
      .add_option("--replicas", replicas,
                  "train so many times, from seeds SEED, SEED + 1, ..., and compare")
      ->transform(whole_number(1, 1'000'000));
}

void StudyOptions::add_weights_to(CLI::App& command) {
  command.add_option("--weights", weights, "a trained model's weights, instead of training one");
}

void add_shared_options(CLI::App& command, StudyOptions& options) {
  options.train.add_to(command);
  options.compute.add_device_to(command);
  options.compute.add_engine_to(command);
  command.add_option("--out", options.out, "run folder (default: runs/ and the name)");
}

NewStudy add_study(CLI::App& run, const std::string& name, const std::string& what,
                   const std::string& command_line) {
  auto options = std::make_shared<StudyOptions>();
  options->command_line = command_line;
  CLI::App& command = *run.add_subcommand(name, what);
  add_shared_options(command, *options);
  command.add_flag("--no-figures", options->no_figures, "do not draw the figures");
  return {&command, options};
}

Study::Study(std::string name, Model model, const StudyOptions& options, std::string folder)
    : name_(std::move(name)),
      default_folder_(std::move(folder)),
      options_(options),
      progress_(options.compute.quiet),
      training_(options.train.training(model.training)),
      device_(options.compute.select()),
      autoencoder_(options.compute.make_autoencoder(std::move(model), device_)) {
  if (options.out && options.out->empty()) throw UsageError("--out is empty, expected a folder");
  if (options.weights && options.train.says_how_to_train()) {
    throw UsageError("--weights are trained already; leave them out, or the options of training");
  }
  if (options.replicas && options.train.initial_weights) {
    throw UsageError("replicas differ in their initial weights; leave out --initial-weights");
  }
  training_.corruption = options.corruption;
  check_corruption(training_.corruption, autoencoder_.model().input);
  progress_.say("hourglass " HOURGLASS_VERSION ": " + device_.summary + "; engine " +
                std::string(name_of(autoencoder_.engine())) + ", " + options.compute.precision);
  autoencoder_.on_batch(stop_if_interrupted);
}

std::filesystem::path Study::file(const std::string& name) const {
  return folder_->path() / name;
}

void Study::load() {
  const Model& model = autoencoder_.model();
  clock_.time("load", [&] {
    images_ = load_training_images(options_.images, model);
    const auto& given = options_.weights ? options_.weights : options_.train.initial_weights;
    if (given) {
      autoencoder_.load_weights(*given);
    } else {
      autoencoder_.initialize(options_.train.seed);
    }
  });
  if (!options_.train.batch_size) {
    training_.batch_size = std::min(training_.batch_size, count(images_.train));
  }
  const auto counted = [](const Images& images) {
    return with_thousands(static_cast<double>(count(images)));
  };
  std::string said = "data: " + images_.name + ", " + counted(images_.train);
  if (images_.separate_validation) said += " + " + counted(*images_.separate_validation);
  said += count(images_.train) == 1 ? " image" : " images";
  progress_.say(said + "; model: " + model.name + ", " +
                with_thousands(static_cast<double>(autoencoder_.parameter_count())) +
                " parameters");
  folder_.emplace(options_.out.value_or(default_folder_));
}

void Study::train() {
  if (!options_.weights) {
    training_.on_step = [&](const TrainingProgress& step) {
      progress_.step(step);
      return !interrupted();
    };
    training_.on_epoch = [&](const EpochResult& result) {
      finished_.push_back(result);
      progress_.epoch(result, training_.epochs);
    };
    TrainingResult result;
    clock_.time("train", [&] {
      const auto run = [&]<class Pixel>(const Array<Pixel>& images) {
        return autoencoder_.train(images, std::get<Array<Pixel>>(images_.validation()), training_);
      };
      result = std::visit(run, images_.train);
    });
    autoencoder_.save_weights(file("weights.safetensors"));
    if (result.stopped) {
      interrupted_at_step_ = result.steps;
      save_metrics();
      throw Interrupted("interrupted after " + std::to_string(result.steps) +
                        " steps; the weights as of then and metrics.json are in " +
                        folder_->path().string());
    }
  } else {
    autoencoder_.save_weights(file("weights.safetensors"));  // a folder is of one run
  }
  save_metrics();
  if (options_.replicas) {
    stage("replicas", [&] { train_replicas(); });
  }
}

void Study::train_replicas() {
  const Model& model = autoencoder_.model();
  const Array<float> train = in_unit_range(images_.train, model.input);
  const Array<float> validation = in_unit_range(images_.validation(), model.input);
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  ReplicaOptions options{.count = *options_.replicas, .training = training_};
  options.training.on_step = [](const TrainingProgress&) { return !interrupted(); };
  options.training.on_epoch = nullptr;
  options.on_replica = [&, done = std::size_t{0}](const Replica&) mutable {
    progress_.loop("replicas", "done", ++done, options.count, seconds());
    return true;
  };
  const auto replicas =
      hourglass::train_replicas(model, train, validation, options, device_, autoencoder_.engine(),
                                parse_precision(options_.compute.precision));
  if (!replicas.empty()) {
    const ReplicasReport result =
        report(replicas, model.latent().size(), training_.loss, seconds());
    metrics("replicas") = result.json;
    progress_.say(result.words);
    save_metrics();
  }
  stop_if_interrupted();
}

void Study::reconstruct() {
  stage("reconstruct", [&] {
    const Array<float> originals =
        in_unit_range(images_.validation(), autoencoder_.model().input, kShownImages);
    save_npy(file("originals.npy"), originals);
    save_npy(file("reconstructions.npy"), autoencoder_.reconstruct(originals));
  });
}

Array<float> Study::encode_validation() {
  Array<float> latent =
      autoencoder_.encode(in_unit_range(images_.validation(), autoencoder_.model().input));
  save_npy(file("latent.npy"), latent);
  return latent;
}

void Study::finish() {
  save_metrics();  // the figures read them
  if (!options_.no_figures) {
    stage("figures", [&] {
      draw_figures(std::filesystem::absolute(folder_->path()), options_.compute.quiet);
    });
  }
  progress_.say("done in " + duration(clock_.to_json()["total"].get<double>()) +
                "; everything is in " + std::filesystem::absolute(folder_->path()).string());
}

void Study::save_metrics() const {
  Json metrics;
  metrics["version"] = HOURGLASS_VERSION;
  metrics["command"] = options_.command_line;
  metrics["study"] = name_;
  metrics["model"] = autoencoder_.model().name;
  Json& effective = metrics["options"];
  if (options_.weights) {
    effective = {{"weights", options_.weights->string()}, {"seed", training_.seed}};
  } else {
    effective = options_.train.to_json(training_);
  }
  effective["data"] = images_.name;
  effective["threads"] = cpu_threads();
  if (training_.corruption.noise > 0.0) effective["noise"] = training_.corruption.noise;
  if (training_.corruption.patch > 0) effective["patch"] = training_.corruption.patch;
  metrics["device"] = {{"kind", name_of(device_.kind)},
                       {"index", device_.index},
                       {"name", device_.name},
                       {"summary", device_.summary}};
  metrics["engine"] = name_of(autoencoder_.engine());
  metrics["precision"] = options_.compute.precision;
  metrics["parameters"] = autoencoder_.parameter_count();
  metrics["epochs"] = Json::array();
  for (const EpochResult& epoch : finished_) {
    metrics["epochs"].push_back({{"epoch", epoch.epoch},
                                 {"train_loss", epoch.train_loss},
                                 {"validation_loss", epoch.validation_loss},
                                 {"seconds", epoch.seconds},
                                 {"images_per_second", epoch.images_per_second}});
  }
  if (interrupted_at_step_) metrics["interrupted_at_step"] = *interrupted_at_step_;
  metrics["stages"] = clock_.to_json();
  for (const char* map : {"pca", "tsne"}) metrics[map] = Json();  // of studies that make none
  metrics.update(sections_);
  save_json(file("metrics.json"), metrics);
}

}  // namespace hourglass::cli
