// run features: what the convolutional model's first two layers look for, and what they find.
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>

#include "cli/commands.hpp"
#include "cli/study.hpp"

namespace hourglass::cli {
namespace {

/// One image's maps: (1, channels, height, width) -> (channels, height, width).
Array<float> of_one_image(Array<float> maps) {
  maps.shape.erase(maps.shape.begin());
  return maps;
}

void run_features(const StudyOptions& options, std::size_t number) {
  Study study("features", conv_model(), options, "runs/features");
  const std::size_t there = study.images().validation().count();
  if (number >= there) {
    throw UsageError("--image " + std::to_string(number) + ": there are only " +
                     std::to_string(there) + " test images");
  }
  study.train();
  study.stage("features", [&] {
    const Autoencoder& autoencoder = study.autoencoder();
    const ImageShape& shape = autoencoder.model().input;
    const Array<float> digit = in_unit_range(study.images().validation().part(number, 1), shape);
    save_npy(study.file("digit.npy"), of_one_image(digit));
    constexpr std::size_t kAfterFirst = 1;   // convolution, relu
    constexpr std::size_t kAfterSecond = 3;  // pool, convolution, relu
    save_npy(study.file("filters1.npy"), autoencoder.parameter("conv1.weight"));
    save_npy(study.file("maps1.npy"), of_one_image(autoencoder.activations(digit, kAfterFirst)));
    save_npy(study.file("filters2.npy"), autoencoder.parameter("conv2.weight"));
    save_npy(study.file("maps2.npy"), of_one_image(autoencoder.activations(digit, kAfterSecond)));
  });
  study.finish();
}

}  // namespace

void add_features_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] =
      add_study(run, "features", "filters and feature maps of the first two layers", command_line);
  options->images.data.add_to(*command);
  options->add_weights_to(*command);
  const auto number = std::make_shared<std::size_t>(0);
  command->add_option("--image", *number, "which test image, from 0")
      ->transform(whole_number(0))
      ->capture_default_str();
  command->callback([options = options, number] { run_features(*options, *number); });
}

}  // namespace hourglass::cli
