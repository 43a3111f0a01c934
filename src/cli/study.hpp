// What all studies and `train` share: options, a folder, one place to train and one to draw.
#pragma once

#include <chrono>
#include <functional>
#include <hourglass/autoencoder.hpp>
#include <hourglass/corruption.hpp>
#include <hourglass/stop.hpp>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "cli/images.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/run_folder.hpp"
#include "cli/stage_clock.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {

struct StudyOptions {
  std::string command_line;
  ComputeOptions compute;
  TrainingImagesOptions images;
  TrainOptions train;
  /// Of the map of the codes. No perplexity: 30, or what a smaller set allows.
  TsneCommandOptions tsne{.options = {.iterations = 300}, .perplexity = {}};
  Corruption corruption;
  std::optional<std::filesystem::path> weights;  ///< trained ones, instead of training
  std::optional<std::size_t> replicas;
  std::optional<std::filesystem::path> out;
  bool no_figures = false;

  void add_replicas_to(CLI::App& command);
  void add_weights_to(CLI::App& command);
};

/// A study under `run`, with the options that all have.
struct NewStudy {
  CLI::App* command;
  std::shared_ptr<StudyOptions> options;
};
[[nodiscard]] NewStudy add_study(CLI::App& run, const std::string& name, const std::string& what,
                                 const std::string& command_line);
/// What studies and `train` have in common.
void add_shared_options(CLI::App& command, StudyOptions& options);

/// A run in progress: the images, a model with its initial weights, and a folder for the results.
/// Its stages are called in order: train, what the study is about, finish.
class Study {
 public:
  /// `folder`: where results go without --out.
  Study(std::string name, Model model, const StudyOptions& options, const std::string& folder);

  /// Trains, or takes --weights; then the replicas, if any are asked for.
  void train();
  /// One more stage: times it, then saves the metrics so far. Returns what work() returns.
  template <class Work>
  auto stage(const std::string& name, Work work);
  /// The figures, and where everything is.
  void finish();

  /// Saves the first images and their reconstructions.
  void reconstruct();
  /// Saves the codes of all validation images, and returns them where they are, on the device.
  [[nodiscard]] Samples encode_validation();
  /// The validation loss after the last epoch.
  [[nodiscard]] double final_loss() const { return finished_.back().validation_loss; }

  [[nodiscard]] const StudyOptions& options() const { return options_; }
  [[nodiscard]] const Device& device() const { return device_; }
  [[nodiscard]] const TrainingImages& images() const { return images_; }
  [[nodiscard]] const Autoencoder& autoencoder() const { return autoencoder_; }
  [[nodiscard]] Progress& progress() { return progress_; }
  [[nodiscard]] std::filesystem::path file(const std::string& name) { return folder_.file(name); }
  /// Throws UsageError if the run would write over what this option has it read.
  void refuse_to_overwrite(const std::string& option, const std::filesystem::path& input) {
    folder_.refuse_to_overwrite(option, input);
  }
  /// A section of metrics.json of the study's own.
  [[nodiscard]] Json& metrics(const std::string& section) { return sections_[section]; }
  /// To metrics.json; returns what is in it.
  Json save_metrics();

 private:
  [[nodiscard]] TrainingImages load();
  void announce();
  /// The time of each phase, as a table; returns what metrics.json has of it.
  Json tell_phases(const std::string& whose, const std::vector<PhaseTime>& phases);
  void train_replicas();
  /// Weights and metrics of the epochs so far, once in a while: the program may end in the midst of
  /// a step.
  void save_unfinished();
  void save_weights();

  StageClock clock_;  // first: it times everything
  std::string name_;
  const StudyOptions& options_;
  Progress progress_;
  TrainingOptions training_;
  Device device_;
  Autoencoder autoencoder_;
  TrainingImages images_;
  RunFolder folder_;
  std::vector<EpochResult> finished_;
  std::size_t steps_ = 0;  ///< of the training
  std::chrono::steady_clock::time_point next_save_;
  std::optional<std::size_t> saved_epoch_;  ///< whose weights are in the folder, in a training
  std::optional<std::size_t> interrupted_at_step_;
  Json sections_ = Json::object();
};

/// Images that a figure shows.
inline constexpr std::size_t kShownImages = 8;

template <class Work>
auto Study::stage(const std::string& name, Work work) {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      clock_.time(name, work);
      save_metrics();
    } else {
      auto result = clock_.time(name, work);
      save_metrics();
      return result;
    }
  } catch (const Stopped&) {
    throw Stopped("interrupted in '" + name + "'; what was finished is in " +
                  folder_.path().string());
  }
}

}  // namespace hourglass::cli
