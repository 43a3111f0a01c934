// run anomaly: what the convolutional model cannot rebuild is not what it was trained on.
#include <algorithm>
#include <hourglass/metrics.hpp>
#include <hourglass/npy.hpp>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/study.hpp"
#include "cli/study_page.hpp"

namespace hourglass::cli {
namespace {

/// The pixels of each image in random order: its ink, without its strokes.
Array<float> shuffled_pixels(Array<float> images, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t n = 0; n < images.rows(); ++n) {
    const auto pixels = images.row(n);
    for (std::size_t i = pixels.size() - 1; i > 0; --i) {  // Fisher and Yates
      std::swap(pixels[i], pixels[random() % (i + 1)]);
    }
  }
  return images;
}

/// "noise", a data set (its test images), or an .npy.
Array<float> load_anomalies(const std::string& source, const Array<float>& normal,
                            std::uint64_t seed, const Model& model) {
  if (source == "noise") return shuffled_pixels(normal, seed);
  TrainingImagesOptions options;
  if (source.ends_with(".npy")) {
    options.input = source;
  } else {
    options.data.data = source;
  }
  return in_unit_range(load_training_images(options, model).validation(), model.input);
}

/// Digits and anomalies on one map: do their codes lie apart?
void map_both(Study& study, const Array<float>& normal, const Array<float>& anomalous) {
  constexpr std::size_t kMapped = 5000;  // of each
  const std::size_t digits = std::min(kMapped, normal.rows());
  const std::size_t others = std::min(kMapped, anomalous.rows());
  const auto& labels = study.images().labels.values;
  std::vector<std::string> names;
  for (std::size_t n = 0; n < digits; ++n) names.push_back(std::to_string(labels[n]));
  names.resize(digits + others, "not a digit");
  Array<float> images = normal;
  images.values.resize(digits * normal.row_size());
  images.values.insert(
      images.values.end(), anomalous.values.begin(),
      anomalous.values.begin() + static_cast<std::ptrdiff_t>(others * anomalous.row_size()));
  images.shape[0] = digits + others;
  draw_page(study, images, images, page_labels(names));
}

void run_anomaly(const StudyOptions& options, const std::string& against) {
  Study study("anomaly", conv_model(), options, "runs/anomaly");
  const Autoencoder& autoencoder = study.autoencoder();
  const Model& model = autoencoder.model();
  const auto normal = in_unit_range(study.images().validation(), model.input);
  if (against.ends_with(".npy")) study.refuse_to_overwrite("--against", against);
  const auto anomalous = load_anomalies(against, normal, options.train.seed, model);
  study.train();
  study.stage("anomaly", [&] {
    const auto errors = [&](const Array<float>& images) {
      return squared_errors(autoencoder.reconstruct(images, interrupted), images);
    };
    const Array<float> normal_errors = errors(normal);
    const Array<float> anomalous_errors = errors(anomalous);

    std::vector<std::size_t> order(normal.rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater{},
                             [&](std::size_t n) { return normal_errors.values[n]; });
    const std::size_t shown = std::min(kShownImages, order.size());
    Array<float> unusual({shown, model.input.height, model.input.width});
    for (std::size_t i = 0; i < shown; ++i) {
      std::ranges::copy(normal.row(order[i]), unusual.row(i).begin());
    }
    save_npy(study.file("errors_normal.npy"), normal_errors);
    save_npy(study.file("errors_anomalous.npy"), anomalous_errors);
    save_npy(study.file("unusual.npy"), unusual);
    const double area = roc_auc(normal_errors.values, anomalous_errors.values);
    study.metrics("anomaly") = {{"against", against}, {"auc", area}};
    study.progress().say("reconstruction error tells " + study.images().name + " from " + against +
                         ": area under the ROC curve " + fixed(area, 4));
  });
  map_both(study, normal, anomalous);
  study.finish();
}

}  // namespace

void add_anomaly_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] =
      add_study(run, "anomaly",
                "reconstruction errors of digits against images that are not digits", command_line);
  options->images.data.add_to(*command);
  options->add_weights_to(*command);
  const auto against = std::make_shared<std::string>("noise");
  command
      ->add_option(
          "--against", *against,
          "images that are not digits: noise (digits with their pixels shuffled), a folder "
          "with IDX files, synthetic, or an .npy")
      ->capture_default_str();
  command->callback([options = options, against] { run_anomaly(*options, *against); });
}

}  // namespace hourglass::cli
