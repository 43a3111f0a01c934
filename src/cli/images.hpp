// Where images come from: the user's own array, a data set, or the digit that ships.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/model.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "cli/options.hpp"

namespace hourglass::cli {

/// Bytes, of which 255 is one, or floats in [0, 1].
using Images = std::variant<Array<std::uint8_t>, Array<float>>;

[[nodiscard]] std::size_t count(const Images& images);
/// The first `most` rows, or all, in another shape.
template <class T>
[[nodiscard]] Array<T> first_rows(const Array<T>& array, std::size_t most, Shape shape) {
  shape.front() = std::min(array.rows(), most);
  const auto size = static_cast<std::ptrdiff_t>(shape.front() * array.row_size());
  return {std::move(shape), {array.values.begin(), array.values.begin() + size}};
}
/// The first `most` of them, or all, as floats, shaped as image_array_shape() says.
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

/// --input, else the data set for a model of 28 x 28 values (or where --data names one), else the digit
/// four for one of 8 x 8. Throws UsageError where nothing fits the model.
[[nodiscard]] TrainingImages load_training_images(const TrainingImagesOptions& options,
                                                  const Model& model);

}  // namespace hourglass::cli
