#include "cli/images.hpp"

#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>

#include "data/check.hpp"

namespace hourglass::cli {
namespace {

/// One or more.
ImageArray load_some(const std::filesystem::path& file) {
  ImageArray images = load_npy_images(file);
  if (Images(images).count() == 0) {  // none, or a single number without rows
    throw Error(file.string() + ": there are no images in it; expected one or more, one a row");
  }
  return images;
}

/// Before anything else is done, and with where they came from.
ImageArray checked(ImageArray images, const std::string& source, const Model& model) {
  const std::size_t size = Images(images).image_size();
  if (size != model.input.size()) {
    throw Error(source + ": images of " + std::to_string(size) + " values, but model '" +
                model.name + "' wants " + std::to_string(model.input.size()) + " (" +
                to_string(model.input) + ")");
  }
  require_range_of(model.output, images, source);
  return images;
}

}  // namespace

Array<float> in_unit_range(const Images& images, const ImageShape& shape) {
  Array<float> floats = to_unit_range(images);
  floats.shape = image_array_shape(images.count(), shape);
  return floats;
}

ImageArray load_images(const std::filesystem::path& file) {
  ImageArray images = load_some(file);
  require_unit_range(images, file.string());
  return images;
}

ImageArray load_images(const std::filesystem::path& file, const Model& model) {
  return checked(load_some(file), file.string(), model);
}

void TrainingImagesOptions::add_input_to(CLI::App& command) {
  command.add_option("--input", input,
                     ".npy images to train on, one a row: bytes, or numbers in [0, 1]; any numbers "
                     "where the model's output is linear");
  command.add_option("--validation", validation,
                     ".npy images to validate with (default: those trained on)");
}

TrainingImages load_training_images(const TrainingImagesOptions& options, const Model& model) {
  if (options.input) {
    if (options.data.data) throw UsageError("--input and --data are two sources; leave one out");
    TrainingImages images{.name = options.input->string(),
                          .train = load_images(*options.input, model)};
    if (options.validation) {
      images.separate_validation = load_images(*options.validation, model);
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
