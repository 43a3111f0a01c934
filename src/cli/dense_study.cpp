// run dense: the second article's study. An 8 x 8 digit four, or the user's own small images,
// through four numbers.
#include <algorithm>

#include "cli/commands.hpp"
#include "cli/numbers.hpp"
#include "cli/study.hpp"

namespace hourglass::cli {
namespace {

void run_dense(const StudyOptions& options) {
  Study study("dense", dense_model(), options, "runs/dense");
  study.train();
  study.reconstruct();
  const Array<float> latent =
      study.stage("encode", [&] { return study.encode_validation().host().copy(); });

  const std::size_t pixels = study.autoencoder().model().input.size();
  const double error = study.final_loss();
  const auto dead = static_cast<std::size_t>(std::ranges::count(latent.row(0), 0.f));
  std::string code;
  for (const float value : latent.row(0)) code += (code.empty() ? "" : ", ") + fixed(value, 3);
  study.progress().say(std::to_string(pixels) + " values in " + std::to_string(latent.row_size()) +
                       (latent.rows() == 1 ? " (" + code + ")" : "") +
                       "; mean loss after decoding " + loss_text(error));
  if (latent.rows() == 1 && dead == latent.row_size()) {
    study.progress().say("every latent unit is dead, so nothing gets through: try another --seed");
  }
  study.finish();
}

}  // namespace

void add_dense_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] = add_study(
      run, "dense", "an 8 x 8 digit four, or images of yours, through four numbers", command_line);
  options->images.add_input_to(*command);
  options->add_replicas_to(*command);
  command->callback([options = options] { run_dense(*options); });
}

}  // namespace hourglass::cli
