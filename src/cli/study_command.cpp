// run and train: the convolutional study from images to figures, and its training alone.
#include <algorithm>
#include <hourglass/map_quality.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>
#include <hourglass/version.hpp>
#include <memory>

#include "cli/commands.hpp"
#include "cli/figures.hpp"
#include "cli/interrupt.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/run_folder.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {
namespace {

constexpr std::size_t kShownImages = 8;

struct StudyOptions {
  ComputeOptions compute;
  DataOptions data;
  TrainOptions train;
  std::optional<std::filesystem::path> out;
  bool no_figures = false;
  std::string command_line;
};

/// A run in progress: its folder, its figures so far, its clock.
class Study {
 public:
  explicit Study(const StudyOptions& options)
      : options_(options),
        progress_(options.compute.quiet),
        model_(find_model(options.train.model)),
        training_options_(options.train.training()),
        device_(options.compute.select()),
        autoencoder_(options.compute.make_autoencoder(model_, device_)) {
    if (options.out && options.out->empty()) {
      throw UsageError("--out is empty, expected a folder");
    }
    progress_.say("hourglass " HOURGLASS_VERSION ": " + device_.summary + "; engine " +
                  std::string(name_of(autoencoder_.engine())) + ", " + options.compute.precision);
    autoencoder_.on_batch(stop_if_interrupted);
  }

  /// The images, the initial weights, and a place for the results.
  void load() {
    clock_.time("load", [&] {
      data_ = options_.data.load();
      if (options_.train.initial_weights) {
        autoencoder_.load_weights(*options_.train.initial_weights);
      } else {
        autoencoder_.initialize(options_.train.seed);
      }
    });
    progress_.say("data: " + data_.name + ", " +
                  with_thousands(static_cast<double>(data_.train.images.rows())) + " + " +
                  with_thousands(static_cast<double>(data_.test.images.rows())) +
                  " images; model: " + model_.name + ", " +
                  with_thousands(static_cast<double>(autoencoder_.parameter_count())) +
                  " parameters");
    folder_.emplace(options_.out.value_or("runs/" + model_.name));
  }

  void train() {
    training_options_.on_step = [&](const TrainingProgress& step) {
      progress_.step(step);
      return !interrupted();
    };
    training_options_.on_epoch = [&](const EpochResult& result) {
      finished_.push_back(result);
      progress_.epoch(result, training_options_.epochs);
    };
    const TrainingResult result = clock_.time("train", [&] {
      return autoencoder_.train(data_.train.images, data_.test.images, training_options_);
    });
    autoencoder_.save_weights(file("weights.safetensors"));
    if (result.stopped) {
      interrupted_at_step_ = result.steps;
      save_metrics();
      throw Interrupted("interrupted after " + std::to_string(result.steps) +
                        " steps; the weights as of then and metrics.json are in " +
                        folder_->path().string());
    }
    save_metrics();
  }

  void reconstruct() {
    clock_.time("reconstruct", [&] {
      const std::size_t shown = std::min(kShownImages, data_.test.images.rows());
      Array<std::uint8_t> first({shown, model_.input.height, model_.input.width});
      std::copy_n(data_.test.images.values.begin(), first.size(), first.values.begin());
      const Array<float> originals = to_unit_range(first);
      save_npy(file("originals.npy"), originals);
      save_npy(file("reconstructions.npy"), autoencoder_.reconstruct(originals));
    });
  }

  void encode() {
    clock_.time("encode", [&] {
      latent_ = autoencoder_.encode(to_unit_range(data_.test.images));
      save_npy(file("latent.npy"), latent_);
      save_npy(file("labels.npy"), data_.test.labels);
    });
  }

  void map_by_pca() {
    const PcaModel pca = clock_.time("pca", [&] {
      PcaMap map = fit_transform_pca(latent_, {.components = 2}, device_);
      save_npy(file("pca.npy"), map.scores);
      return std::move(map.model);
    });
    pca_["explained_variance"] = pca.explained_variance;
    pca_["explained_variance_ratio"] = pca.explained_variance_ratio;
    pca_["singular_values"] = pca.singular_values;
    save_metrics();
  }

  /// As the first article does: perplexity 30, or what a smaller set allows, and 300 iterations.
  void map_by_tsne() {
    const std::size_t rows = latent_.rows();
    TsneOptions options;
    options.iterations = 300;
    options.perplexity = std::min(30.0, static_cast<double>(rows - 1));
    options.seed = options_.train.seed;
    watch(options, progress_);
    const TsneResult result = clock_.time("tsne", [&] {
      TsneResult found = tsne(latent_, options, device_);
      save_npy(file("tsne.npy"), found.map);
      return found;
    });
    tsne_ = to_json(result);
    tsne_["perplexity"] = options.perplexity;
    save_metrics();
  }

  /// What the article claims in words, as figures: do the maps keep the digits apart?
  void judge() {
    constexpr std::size_t kVoters = 10;
    constexpr std::size_t kTrusted = 12;
    constexpr std::size_t kFewestRows = 50;  // with less there are no ten neighbours in a fold
    if (latent_.rows() < kFewestRows) return;
    clock_.time("quality", [&] {
      const auto& labels = data_.test.labels.values;
      const auto accuracy = [&](const Array<float>& x) {
        stop_if_interrupted();
        return label_accuracy(x, labels, kVoters, device_);
      };
      progress_.stage("judging the maps");
      quality_["codes"]["accuracy10"] = accuracy(latent_);
      for (const char* name : {"pca", "tsne"}) {
        const Array<float> map = load_npy(file((std::string(name) + ".npy").c_str()));
        quality_[name]["accuracy10"] = accuracy(map);
        quality_[name]["trustworthiness"] = trustworthiness(latent_, map, kTrusted, device_);
      }
    });
    const auto percent = [&](const char* name) {
      return std::to_string(100.0 * quality_[name]["accuracy10"].get<double>()).substr(0, 4) + " %";
    };
    const auto trust = [&](const char* name) {
      return std::to_string(quality_[name]["trustworthiness"].get<double>()).substr(0, 5);
    };
    progress_.say("10 nearest neighbours know the digit: codes " + percent("codes") + ", PCA map " +
                  percent("pca") + ", t-SNE map " + percent("tsne") + "; trustworthiness: PCA " +
                  trust("pca") + ", t-SNE " + trust("tsne") + "; KL divergence of the t-SNE map " +
                  std::to_string(tsne_["kl_divergence"].get<double>()).substr(0, 5));
    save_metrics();
  }

  void draw() {
    if (options_.no_figures) return;
    clock_.time("figures", [&] { draw_figures(folder_->path(), options_.compute.quiet); });
    save_metrics();
  }

  void conclude() {
    progress_.say("done in " + duration(clock_.to_json()["total"].get<double>()) +
                  "; everything is in " + std::filesystem::absolute(folder_->path()).string());
  }

 private:
  [[nodiscard]] std::filesystem::path file(const char* name) const {
    return folder_->path() / name;
  }

  void save_metrics() const {
    Json metrics;
    metrics["version"] = HOURGLASS_VERSION;
    metrics["command"] = options_.command_line;
    metrics["model"] = model_.name;
    Json& effective = metrics["options"] = options_.train.to_json();
    effective["data"] = data_.name;
    effective["threads"] = cpu_threads();
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
    metrics["pca"] = pca_;
    metrics["tsne"] = tsne_;
    metrics["quality"] = quality_;
    save_json(file("metrics.json"), metrics);
  }

  StageClock clock_;  // first: it times everything
  const StudyOptions& options_;
  Progress progress_;
  Model model_;
  TrainingOptions training_options_;
  Device device_;
  Autoencoder autoencoder_;
  std::optional<RunFolder> folder_;
  Dataset data_;
  std::vector<EpochResult> finished_;
  std::optional<std::size_t> interrupted_at_step_;
  Array<float> latent_;
  Json pca_;
  Json tsne_;
  Json quality_;
};

std::shared_ptr<StudyOptions> add_study_options(CLI::App& command,
                                                const std::string& command_line) {
  auto options = std::make_shared<StudyOptions>();
  options->command_line = command_line;
  options->train.add_to(command);
  options->data.add_to(command);
  options->compute.add_device_to(command);
  options->compute.add_engine_to(command);
  command.add_option("--out", options->out, "run folder (default: runs/MODEL)");
  return options;
}

}  // namespace

void add_study_commands(CLI::App& program, const std::string& command_line) {
  CLI::App& run = *program.add_subcommand(
      "run", "a whole study: train, reconstruct, encode, map the latent space, draw");
  const auto run_options = add_study_options(run, command_line);
  run.add_flag("--no-figures", run_options->no_figures, "do not draw the figures");
  run.callback([run_options] {
    Study study(*run_options);
    study.load();
    study.train();
    study.reconstruct();
    study.encode();
    study.map_by_pca();
    study.map_by_tsne();
    study.judge();
    study.draw();
    study.conclude();
  });

  CLI::App& train = *program.add_subcommand("train", "training alone: weights and metrics");
  const auto train_options = add_study_options(train, command_line);
  train.callback([train_options] {
    Study study(*train_options);
    study.load();
    study.train();
    study.conclude();
  });
}

}  // namespace hourglass::cli
