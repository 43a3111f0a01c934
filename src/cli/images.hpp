// Where images come from: the user's own array, a data set, or the digit that ships.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/images.hpp>
#include <hourglass/model.hpp>
#include <optional>
#include <string>

#include "cli/options.hpp"

namespace hourglass::cli {

/// Images as floats, shaped as image_array_shape() says: what figures and metrics are made of.
[[nodiscard]] Array<float> in_unit_range(const Images& images, const ImageShape& shape);

/// Images from an .npy: uint8 as bytes, all else as floats, which must be in [0, 1]. Throws Error
/// naming the file.
[[nodiscard]] ImageArray load_images(const std::filesystem::path& file);
/// The same for a model: of its size, and any finite floats where its output is linear.
[[nodiscard]] ImageArray load_images(const std::filesystem::path& file, const Model& model);

/// Which images to train on.
struct TrainingImagesOptions {
  DataOptions data;
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> validation;

  void add_input_to(CLI::App& command);  ///< --input, --validation
};

struct TrainingImages {
  std::string name;
  ImageArray train;
  std::optional<ImageArray> separate_validation = {};  ///< else those trained on
  Array<std::uint8_t> labels = {};                     ///< of the validation images, or none

  [[nodiscard]] Images validation() const {
    return separate_validation ? *separate_validation : train;
  }
};

/// --input, else the data set for a model of 28 x 28 values (or where --data names one), else the
/// digit four for one of 8 x 8. Throws UsageError where nothing fits the model.
[[nodiscard]] TrainingImages load_training_images(const TrainingImagesOptions& options,
                                                  const Model& model);

}  // namespace hourglass::cli
