// train: any model on any images; weights and metrics.
#include <hourglass/error.hpp>
#include <memory>

#include "cli/commands.hpp"
#include "cli/study.hpp"

namespace hourglass::cli {
namespace {

struct TrainCommandOptions : StudyOptions {
  std::optional<std::string> name;
  ModelOptions described;

  [[nodiscard]] Model model() const {
    if (name && described.model) throw UsageError("two models are named; leave one out");
    if (!name && !described.model) {
      throw UsageError(
          "no model is named; expected conv, dense or --model FILE.json; see hourglass train "
          "--help");
    }
    return name ? find_model(*name) : ModelOptions::find(*described.model);
  }
};

}  // namespace

void add_train_command(CLI::App& program, const std::string& command_line) {
  CLI::App& command = *program.add_subcommand("train", "training alone: weights and metrics");
  const auto options = std::make_shared<TrainCommandOptions>();
  options->command_line = command_line;
  options->no_figures = true;
  command.add_option("name", options->name, "conv or dense");
  options->described.add_to(command, "");
  options->images.data.add_to(command);
  options->images.add_input_to(command);
  options->add_replicas_to(command);
  add_shared_options(command, *options);
  command.callback([options] {
    const Model model = options->model();
    Study study("train", model, *options, "runs/train-" + model.name);
    study.train();
    study.finish();
  });
}

}  // namespace hourglass::cli
