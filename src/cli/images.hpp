// Where images come from: the user's own array, a data set, or the digit that ships.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/model.hpp>
#include <optional>
#include <string>
#include <variant>

#include "cli/options.hpp"

namespace hourglass::cli {

/// Bytes, of which 255 is one, or floats in [0, 1].
using Images = std::variant<Array<std::uint8_t>, Array<float>>;

[[nodiscard]] std::size_t count(const Images& images);
/// The first `most` of them, or all, as floats of the model's shape: (N, height, width), or
/// (N, channels, height, width) with several channels.
[[nodiscard]] Array<float> in_unit_range(const Images& images, const ImageShape& shape,
                                         std::size_t most = static_cast<std::size_t>(-1));

/// Images from an .npy: finite, in [0, 1]. Throws Error naming the file.
[[nodiscard]] Array<float> load_images(const std::filesystem::path& file);

/// Which images to train on.
struct TrainingImagesOptions {
  DataOptions data;
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> validation;

  void add_input_to(CLI::App& command);  ///< --input, --validation
};

struct TrainingImages {
  std::string name;
  Images train;
  std::optional<Images> separate_validation = {};  ///< else those trained on
  Array<std::uint8_t> labels = {};                 ///< of the validation images, or none

  [[nodiscard]] const Images& validation() const {
    return separate_validation ? *separate_validation : train;
  }
};

/// --input, else the data set for a model of 28 x 28 (or where --data names one), else the digit four
/// for one of 8 x 8. Throws UsageError where nothing fits the model.
[[nodiscard]] TrainingImages load_training_images(const TrainingImagesOptions& options,
                                                  const Model& model);

}  // namespace hourglass::cli
