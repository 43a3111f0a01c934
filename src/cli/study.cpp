#include "cli/study.hpp"

#include <algorithm>
#include <chrono>
#include <hourglass/npy.hpp>
#include <hourglass/replicas.hpp>
#include <hourglass/version.hpp>
#include <iomanip>
#include <sstream>
#include <utility>

#include "cli/figures.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/output_file.hpp"
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

Study::Study(std::string name, Model model, const StudyOptions& options, const std::string& folder)
    : name_(std::move(name)),
      options_(options),
      progress_(options.compute.quiet),
      training_(options.train.training(model.training)),
      device_(options.compute.select()),
      autoencoder_(options.compute.make_autoencoder(std::move(model), device_)),
      images_(load()),
      folder_(options.out.value_or(folder), name_) {
  announce();
  if (options_.images.input) refuse_to_overwrite("--input", *options_.images.input);
  if (options_.images.validation) refuse_to_overwrite("--validation", *options_.images.validation);
  // Weights may be taken from a folder and come back to it.
  if (options_.weights) folder_.keep(*options_.weights);
  if (options_.train.initial_weights) folder_.keep(*options_.train.initial_weights);
}

TrainingImages Study::load() {
  if (options_.out && options_.out->empty()) throw UsageError("--out is empty, expected a folder");
  if (options_.weights && options_.train.says_how_to_train()) {
    throw UsageError("--weights are trained already; leave them out, or the options of training");
  }
  if (options_.replicas && options_.train.initial_weights) {
    throw UsageError("replicas differ in their initial weights; leave out --initial-weights");
  }
  training_.corruption = options_.corruption;
  training_.stop = interrupted;
  check_corruption(training_.corruption, autoencoder_.model().input);
  progress_.say("hourglass " HOURGLASS_VERSION ": " + device_.summary + "; engine " +
                std::string(name_of(autoencoder_.engine())) + ", " +
                std::string(name_of(options_.compute.precision)));
  if (!autoencoder_.why_not_fused().empty()) {
    progress_.say("not the fused engine: " + autoencoder_.why_not_fused());
  }
  return clock_.time("load", [&] {
    TrainingImages images = load_training_images(options_.images, autoencoder_.model());
    const auto& given = options_.weights ? options_.weights : options_.train.initial_weights;
    if (given) {
      autoencoder_.load_weights(*given);
    } else {
      autoencoder_.initialize(options_.train.seed);
    }
    return images;
  });
}

/// Says what there is to work on.
void Study::announce() {
  const std::size_t images = Images(images_.train).count();
  if (!options_.train.batch_size) training_.batch_size = std::min(training_.batch_size, images);
  const auto counted = [](std::size_t n) { return with_thousands(static_cast<double>(n)); };
  std::string said = "data: " + images_.name + ", " + counted(images);
  if (images_.separate_validation) said += " + " + counted(images_.validation().count());
  said += images == 1 ? " image" : " images";
  progress_.say(said + "; model: " + autoencoder_.model().name + ", " +
                counted(autoencoder_.parameter_count()) + " parameters");
}

void Study::save_weights() {
  autoencoder_.save_weights(file("weights.safetensors"));
}

void Study::save_unfinished() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  if (saved_epoch_ && start < next_save_) return;
  save_weights();
  saved_epoch_ = finished_.back().epoch;
  save_metrics();
  // The metrics of many epochs are long.
  const auto took = Clock::now() - start;
  next_save_ = Clock::now() + std::max<Clock::duration>(std::chrono::seconds(1), 20 * took);
}

void Study::train() {
  if (!options_.weights) {
    std::size_t steps = 0;
    training_.on_step = [&](const TrainingProgress& step) {
      steps = step.steps;
      progress_.step(step);
    };
    training_.on_epoch = [&](const EpochResult& result) {
      finished_.push_back(result);
      save_unfinished();
      progress_.epoch(result, training_.epochs);
    };
    try {
      const TrainingResult result = clock_.time("train", [&] {
        return autoencoder_.train(images_.train, images_.validation(), training_);
      });
      steps_ = result.steps;
      if (training_.phase_times) metrics("phases") = tell_phases("blocks", result.phases);
    } catch (const Stopped&) {
      save_weights();
      saved_epoch_.reset();
      interrupted_at_step_ = steps;
      save_metrics();
      throw Stopped("interrupted after " + std::to_string(steps) +
                    " steps; the weights as of then and metrics.json are in " +
                    folder_.path().string());
    } catch (const NotFinite&) {
      save_metrics();  // of the epochs before
      throw;
    }
  }
  save_weights();  // also those given: a folder is of one run
  saved_epoch_.reset();
  save_metrics();
  if (options_.replicas) {
    stage("replicas", [&] { train_replicas(); });
  }
}

Json Study::tell_phases(const std::string& whose, const std::vector<PhaseTime>& phases) {
  Json json;
  double total = 0.0;
  for (const PhaseTime& phase : phases) {
    json[phase.phase] = phase.seconds;
    total += phase.seconds;
  }
  std::ostringstream table;
  const auto row = [&](const std::string& name, double seconds) {
    table << std::left << std::setw(28) << name << std::right << std::fixed << std::setprecision(3)
          << std::setw(11) << seconds << std::setprecision(1) << std::setw(11)
          << 1e6 * seconds / static_cast<double>(steps_) << std::setw(8) << 100.0 * seconds / total
          << " %";
    progress_.say(table.str());
    table.str("");
  };
  std::ostringstream head;
  head << std::left << std::setw(28) << "phase, mean of all " + whose << std::right << std::setw(11)
       << "seconds" << std::setw(11) << "us a step" << std::setw(10) << "share";
  progress_.say(head.str());
  for (const PhaseTime& phase : phases) row(phase.phase, phase.seconds);
  row("all", total);
  return json;
}

void Study::train_replicas() {
  const Model& model = autoencoder_.model();
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  ReplicaOptions options{.count = *options_.replicas, .training = training_};
  std::vector<Replica> finished;
  options.on_replica = [&](const Replica& replica) {
    finished.push_back(replica);
    progress_.loop("replicas", "done", finished.size(), options.count, seconds());
  };
  std::vector<PhaseTime> phases;
  options.on_phases = [&](const std::vector<PhaseTime>& found) { phases = found; };
  const auto tell = [&] {
    if (finished.empty()) return;
    std::ranges::sort(finished, {}, &Replica::seed);
    const ReplicasReport result =
        report(finished, model.latent().size(), training_.loss, seconds());
    metrics("replicas") = result.json;
    progress_.say(result.words);
    if (!phases.empty()) metrics("replicas")["phases"] = tell_phases("replicas", phases);
    save_metrics();
  };
  try {
    static_cast<void>(hourglass::train_replicas(model, images_.train, images_.validation(), options,
                                                device_, autoencoder_.engine(),
                                                options_.compute.precision));
  } catch (const Stopped&) {
    tell();  // of those that finished
    throw;
  }
  tell();
}

void Study::reconstruct() {
  stage("reconstruct", [&] {
    const Array<float> originals =
        in_unit_range(images_.validation().first(kShownImages), autoencoder_.model().input);
    save_npy(file("originals.npy"), originals);
    save_npy(file("reconstructions.npy"), autoencoder_.reconstruct(originals, interrupted));
  });
}

Samples Study::encode_validation() {
  Samples codes = autoencoder_.encode_on_device(images_.validation(), interrupted);
  save_npy(file("latent.npy"), codes.host());
  return codes;
}

void Study::finish() {
  save_metrics();  // the figures read them
  if (!options_.no_figures) {
    stage("figures",
          [&] { draw_figures(std::filesystem::absolute(folder_.path()), options_.compute.quiet); });
  }
  progress_.say("done in " + duration(clock_.to_json()["total"].get<double>()) +
                "; everything is in " + std::filesystem::absolute(folder_.path()).string());
}

Json Study::save_metrics() {
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
  metrics["precision"] = name_of(options_.compute.precision);
  metrics["parameters"] = autoencoder_.parameter_count();
  metrics["epochs"] = Json::array();
  for (const EpochResult& epoch : finished_) {
    metrics["epochs"].push_back({{"epoch", epoch.epoch},
                                 {"train_loss", epoch.train_loss},
                                 {"validation_loss", epoch.validation_loss},
                                 {"seconds", epoch.seconds},
                                 {"images_per_second", epoch.images_per_second}});
  }
  if (saved_epoch_) metrics["weights_of_epoch"] = *saved_epoch_;
  if (interrupted_at_step_) metrics["interrupted_at_step"] = *interrupted_at_step_;
  metrics["stages"] = clock_.to_json();
  for (const char* map : {"pca", "tsne"}) metrics[map] = Json();  // of studies that make none
  metrics.update(sections_);
  save_json(file("metrics.json"), metrics);
  return metrics;
}

}  // namespace hourglass::cli
