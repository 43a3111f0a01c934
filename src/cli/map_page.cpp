#include "cli/map_page.hpp"

#include <hourglass/version.hpp>
#include <utility>
#include <vector>

#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"

namespace hourglass::cli {
namespace {

std::string counted(std::size_t count) {
  return with_thousands(static_cast<double>(count));
}

/// The last part of a path: a page is for others, whom folders do not concern.
std::string short_name(const Json& metrics) {
  const std::filesystem::path data = metrics["options"]["data"].get<std::string>();
  return (data.has_filename() ? data : data.parent_path()).filename().string();
}

std::string about(const RunMaps& run) {
  const Model& model = run.autoencoder.model();
  std::string text = counted(run.images.count()) + " images through the model '" + model.name +
                     "', " + counted(run.autoencoder.parameter_count()) + " parameters, to " +
                     counted(model.latent().size()) + " numbers each";
  const Json& epochs = run.metrics["epochs"];
  if (!epochs.empty()) {
    text += "; " + std::to_string(epochs.size()) + (epochs.size() == 1 ? " epoch" : " epochs") +
            ", validation loss " + loss_text(epochs.back()["validation_loss"].get<double>());
  }
  return text + "; hourglass " HOURGLASS_VERSION;
}

}  // namespace

void save_run_page(const std::filesystem::path& file, RunMaps run, Progress& progress) {
  Page page{.title = short_name(run.metrics) + ", " + run.metrics["study"].get<std::string>(),
            .about = about(run),
            .maps = std::move(run.maps),
            .labels = std::move(run.labels),
            .snapshots = std::move(run.snapshots)};
  add_model(page, run.autoencoder, run.images, run.clean, interrupted);
  add_neighbors(page, run.codes, std::move(run.neighbors), interrupted);
  save_page(file, page, progress);
}

void save_page(const std::filesystem::path& file, const Page& page, Progress& progress) {
  const SavedPage saved = hourglass::save_page(file, page);
  std::string said = counted(page.maps.front().points.rows()) + " points in " + file.string() +
                     ", " + fixed(static_cast<double>(saved.bytes) / 1e6, 1) + " MB";
  for (const std::string& note : saved.notes) said += "; " + note;
  progress.say(said);
}

PageLabels page_labels(std::span<const std::uint8_t> labels) {
  return hourglass::page_labels(std::vector<double>(labels.begin(), labels.end()));
}

}  // namespace hourglass::cli
