#include "cli/images.hpp"

#include <algorithm>
#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>

#include "cli/numbers.hpp"

namespace hourglass::cli {
namespace {

/// Before anything else is done, and with where they came from.
template <class T>
Array<T> checked(Array<T> images, const std::string& source, const Model& model) {
  if (images.row_size() != model.input.size()) {
    throw Error(source + ": images of " + std::to_string(images.row_size()) +
                " values, but model '" + model.name + "' wants " +
                std::to_string(model.input.size()) + " (" + to_string(model.input) + ")");
  }
  return images;
}

Array<float> load_images_for(const std::filesystem::path& file, const Model& model) {
  return checked(load_images(file), file.string(), model);
}

}  // namespace

std::size_t count(const Images& images) {
  return std::visit([](const auto& array) { return array.rows(); }, images);
}

Array<float> in_unit_range(const Images& images, const ImageShape& shape, std::size_t most) {
  const Shape wanted = image_array_shape(0, shape);
  if (const auto* bytes = std::get_if<Array<std::uint8_t>>(&images)) {
    return to_unit_range(first_rows(*bytes, most, wanted));
  }
  return first_rows(std::get<Array<float>>(images), most, wanted);
}

Array<float> load_images(const std::filesystem::path& file) {
  Array<float> images = load_npy(file);
  if (images.rows() == 0) {  // none, or a single number without rows
    throw Error(file.string() + ": there are no images in it; expected one or more, one a row");
  }
  const auto outside = std::ranges::find_if_not(
      images.values, [](float value) { return value >= 0.f && value <= 1.f; });
  if (outside == images.values.end()) return images;
  const auto index = static_cast<std::size_t>(outside - images.values.begin());
  throw Error(file.string() + ": row " + std::to_string(index / images.row_size()) + " holds " +
              plain(double{*outside}) + "; images must be in [0, 1] (divide bytes by 255)");
}

void TrainingImagesOptions::add_input_to(CLI::App& command) {
  command.add_option("--input", input, ".npy images to train on, one a row, in [0, 1]");
  command.add_option("--validation", validation,
                     ".npy images to validate with (default: those trained on)");
}

TrainingImages load_training_images(const TrainingImagesOptions& options, const Model& model) {
  if (options.input) {
    if (options.data.data) throw UsageError("--input and --data are two sources; leave one out");
    TrainingImages images{.name = options.input->string(),
                          .train = load_images_for(*options.input, model)};
    if (options.validation) {
      images.separate_validation = load_images_for(*options.validation, model);
    }
    return images;
  }
  if (options.validation) throw UsageError("--validation belongs to --input, which is not given");
  constexpr std::size_t kMnist = std::size_t{28} * 28;
  if (options.data.data || model.input.size() == kMnist) {
    Dataset data = options.data.load();
    return {.name = data.name,
            .train = checked(std::move(data.train.images), data.name, model),
            .separate_validation = std::move(data.test.images),
            .labels = std::move(data.test.labels)};
  }
  constexpr ImageShape kDigitFour{1, 8, 8};
  if (model.input == kDigitFour) return {.name = "the digit four", .train = digit_four()};
  throw UsageError("model '" + model.name + "' takes images of " + to_string(model.input) +
                   ", of which none ship; give yours with --input FILE.npy");
}

}  // namespace hourglass::cli
