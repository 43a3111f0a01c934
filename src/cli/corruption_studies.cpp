// run denoise, run inpaint: the convolutional model learns to undo what was done to its images.
#include <algorithm>
#include <hourglass/metrics.hpp>
#include <hourglass/npy.hpp>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/map_page.hpp"
#include "cli/numbers.hpp"
#include "cli/study.hpp"
#include "cli/study_page.hpp"

namespace hourglass::cli {
namespace {

/// The corrupted test images before and after the network, of which the first go into files.
struct Outcome {
  Array<float> clean;
  CorruptedImages corrupted;
  Array<float> restored;
};

Array<float> shown(const Array<float>& images) {
  const std::size_t rows = std::min(kShownImages, images.rows());
  Array<float> first({rows, images.shape[1], images.shape[2]});
  std::copy_n(images.values.begin(), first.size(), first.values.begin());
  return first;
}

/// All up to the restored test images; the corrupted and the restored ones get these files.
Outcome restore(Study& study, const std::string& corrupted_file, const std::string& restored_file) {
  study.train();
  Outcome outcome;
  study.stage("restore", [&] {
    const ImageShape& shape = study.autoencoder().model().input;
    outcome.clean = in_unit_range(study.images().validation(), shape);
    outcome.corrupted =
        corrupt(outcome.clean, shape, study.options().corruption, study.options().train.seed);
    outcome.restored = study.autoencoder().reconstruct(outcome.corrupted.images, interrupted);
    save_npy(study.file("originals.npy"), shown(outcome.clean));
    save_npy(study.file(corrupted_file), shown(outcome.corrupted.images));
    save_npy(study.file(restored_file), shown(outcome.restored));
  });
  return outcome;
}

/// The corrupted images on a map, each with what the network made of it.
void map_outcome(Study& study, const Outcome& outcome) {
  draw_page(study, outcome.corrupted.images, outcome.clean,
            page_labels(study.images().labels.values));
}

void run_denoise(const StudyOptions& options) {
  Study study("denoise", conv_model(), options, "runs/denoise");
  const Outcome outcome = restore(study, "noisy.npy", "denoised.npy");
  const double noisy = mean_squared_error(outcome.corrupted.images, outcome.clean);
  const double denoised = mean_squared_error(outcome.restored, outcome.clean);
  study.metrics("denoise") = {{"noise", options.corruption.noise},
                              {"mse_noisy", noisy},
                              {"mse_denoised", denoised},
                              {"ratio", denoised / noisy}};
  study.progress().say("noise of standard deviation " + plain(options.corruption.noise) +
                       ": mean squared error " + loss_text(noisy) + " before, " +
                       loss_text(denoised) + " after (" + percent(denoised / noisy) + ")");
  map_outcome(study, outcome);
  study.finish();
}

/// Mean squared difference where the patches are.
double error_in_patches(const Array<float>& images, const Outcome& outcome, std::size_t side) {
  double sum = 0.0;
  for (std::size_t n = 0; n < images.rows(); ++n) {
    const std::size_t width = images.shape[2];
    const auto corner = outcome.corrupted.corners.row(n);
    for (std::size_t i = 0; i < side * side; ++i) {
      const std::size_t at = (corner[0] + i / side) * width + corner[1] + i % side;
      const double difference = double{images.row(n)[at]} - double{outcome.clean.row(n)[at]};
      sum += difference * difference;
    }
  }
  return sum / static_cast<double>(images.rows() * side * side);
}

void run_inpaint(const StudyOptions& options) {
  Study study("inpaint", conv_model(), options, "runs/inpaint");
  const std::size_t side = options.corruption.patch;
  const Outcome outcome = restore(study, "blanked.npy", "inpainted.npy");
  Array<std::uint8_t> corners({std::min(kShownImages, outcome.clean.rows()), 2});
  std::ranges::transform(std::span(outcome.corrupted.corners.values).first(corners.size()),
                         corners.values.begin(),
                         [](std::uint32_t place) { return static_cast<std::uint8_t>(place); });
  save_npy(study.file("patches.npy"), corners);
  const double blanked = error_in_patches(outcome.corrupted.images, outcome, side);
  const double inpainted = error_in_patches(outcome.restored, outcome, side);
  study.metrics("inpaint") = {
      {"patch", side}, {"mse_blanked", blanked}, {"mse_inpainted", inpainted}};
  const std::string size = std::to_string(side) + " x " + std::to_string(side);
  study.progress().say("patches of " + size + " blanked: mean squared error inside them " +
                       loss_text(blanked) + " before, " + loss_text(inpainted) + " after (" +
                       percent(inpainted / blanked) + ")");
  map_outcome(study, outcome);
  study.finish();
}

}  // namespace

void add_denoise_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] =
      add_study(run, "denoise", "the convolutional model trained to take noise away", command_line);
  options->corruption.noise = 0.3;
  options->images.data.add_to(*command);
  options->add_weights_to(*command);
  command->add_option("--noise", options->corruption.noise, "its standard deviation")
      ->check(number(1e-3, 1e3))
      ->capture_default_str();
  command->callback([options = options] { run_denoise(*options); });
}

void add_inpaint_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] = add_study(
      run, "inpaint", "the convolutional model trained to fill in blanked patches", command_line);
  options->corruption.patch = 8;
  options->images.data.add_to(*command);
  options->add_weights_to(*command);
  command->add_option("--patch", options->corruption.patch, "side of the patch, in pixels")
      ->transform(whole_number(1, 28))
      ->capture_default_str();
  command->callback([options = options] { run_inpaint(*options); });
}

}  // namespace hourglass::cli
