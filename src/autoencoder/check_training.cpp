#include "autoencoder/check_training.hpp"

#include <cmath>
#include <hourglass/corruption.hpp>
#include <hourglass/error.hpp>

#include "autoencoder/loss_fits.hpp"
#include "data/check.hpp"
#include "files/messages.hpp"

namespace hourglass {
namespace {

void check_options(const TrainingOptions& options, std::size_t images) {
  if (options.epochs == 0) throw UsageError("the number of epochs is 0; it must be at least 1");
  if (options.steps && *options.steps == 0) {
    throw UsageError("the number of steps is 0; it must be at least 1");
  }
  if (options.batch_size == 0) throw UsageError("the batch size is 0; it must be at least 1");
  if (options.batch_size > images) {
    throw Error("the batch size is " + std::to_string(options.batch_size) + ", more than the " +
                std::to_string(images) + " training images");
  }
  if (!(options.learning_rate > 0.0) || !std::isfinite(options.learning_rate)) {
    throw UsageError("the learning rate must be a positive number");
  }
}

}  // namespace

void check_size(const Images& rows, const ImageShape& expected, const std::string& what) {
  if (rows.count() == 0) throw Error(what + ": there are none");
  if (rows.image_size() != expected.size()) {
    throw Error(what + ": shape " + files::shape_text(rows.shape()) + " has " +
                std::to_string(rows.image_size()) + " values a row, but the model wants " +
                std::to_string(expected.size()) + " (" + to_string(expected) + ")");
  }
}

void check_place(const Images& rows, const Device& device, const std::string& what) {
  if (!rows.gpu()) return;
  if (device.kind == DeviceKind::cuda && device.index == rows.gpu()->index) return;
  const std::string own = device.kind == DeviceKind::cuda ? "cuda:" + std::to_string(device.index)
                                                          : std::string(name_of(device.kind));
  throw Error(what + ": they are in the memory of cuda:" + std::to_string(rows.gpu()->index) +
              ", and the autoencoder is on " + own);
}

void check_training(const Model& model, const Device& device, const Images& images,
                    const Images& validation, const TrainingOptions& options) {
  const auto check = [&](const Images& given, const std::string& what) {
    check_size(given, model.input, what);
    check_place(given, device, what);
    require_range_of(model.output, given, what);
  };
  check(images, "training images");
  check(validation, "validation images");
  check_options(options, images.count());
  require_loss_fits(model, options.loss);
  if (model.output == OutputActivation::none && options.corruption.noise > 0.0) {
    throw UsageError("noise is for values in [0, 1], to which it is cut; model '" + model.name +
                     "' has a linear output");
  }
  check_corruption(options.corruption, model.input);
}

}  // namespace hourglass
