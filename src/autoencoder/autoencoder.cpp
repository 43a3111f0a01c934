#include <algorithm>
#include <chrono>
#include <cmath>
#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include "autoencoder/engine.hpp"
#include "device/range.hpp"
#include "files/safetensors.hpp"

namespace hourglass {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string describe(std::span<const std::size_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + ")";
}

/// 0.001 and 1e+30, where std::to_string has 0.001000 and 31 digits.
std::string shortest(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

template <class T>
void check_rows(const Array<T>& rows, const ImageShape& expected, const std::string& what) {
  if (rows.rows() == 0) throw Error(what + ": there are none");
  if (rows.row_size() != expected.size()) {
    throw Error(what + ": shape " + describe(rows.shape) + " has " +
                std::to_string(rows.row_size()) + " values a row, but the model wants " +
                std::to_string(expected.size()) + " (" + std::to_string(expected.channels) + " x " +
                std::to_string(expected.height) + " x " + std::to_string(expected.width) + ")");
  }
}

void check_finite(const Array<float>& rows, const std::string& what) {
  const auto bad = std::find_if_not(rows.values.begin(), rows.values.end(),
                                    [](float x) { return std::isfinite(x); });
  if (bad == rows.values.end()) return;
  const auto index = static_cast<std::size_t>(bad - rows.values.begin());
  throw Error(what + ": row " + std::to_string(index / rows.row_size()) + ", value " +
              std::to_string(index % rows.row_size()) + " is not finite");
}

void check_options(const TrainingOptions& options, std::size_t images) {
  if (options.epochs == 0) throw UsageError("the number of epochs is 0; it must be at least 1");
  if (options.steps && *options.steps == 0) {
    throw UsageError("the number of steps is 0; it must be at least 1");
  }
  if (options.batch_size == 0) throw UsageError("the batch size is 0; it must be at least 1");
  if (options.batch_size > images) {
    throw Error("the batch size is " + std::to_string(options.batch_size) +
                ", but there are only " + std::to_string(images) + " training images");
  }
  if (!(options.learning_rate > 0.0) || !std::isfinite(options.learning_rate)) {
    throw UsageError("the learning rate must be a positive number");
  }
}

/// Images as they go into files: single-channel ones have no channel dimension.
Shape image_array_shape(std::size_t rows, const ImageShape& image) {
  if (image.channels == 1) return {rows, image.height, image.width};
  return {rows, image.channels, image.height, image.width};
}

}  // namespace

Array<float> to_unit_range(const Array<std::uint8_t>& images) {
  Array<float> unit(images.shape);
  std::ranges::transform(images.values, unit.values.begin(),
                         [](std::uint8_t pixel) { return static_cast<float>(pixel) / 255.f; });
  return unit;
}

Autoencoder::Autoencoder(Model model, const Device& device, EngineKind engine, Precision precision)
    : engine_(make_engine(std::move(model), device, engine, precision)) {
  initialize(0);
}

Autoencoder::~Autoencoder() = default;
Autoencoder::Autoencoder(Autoencoder&&) noexcept = default;
Autoencoder& Autoencoder::operator=(Autoencoder&&) noexcept = default;

const Model& Autoencoder::model() const {
  return engine_->model();
}
EngineKind Autoencoder::engine() const {
  return engine_->kind();
}
std::size_t Autoencoder::parameter_count() const {
  return engine_->layout().count();
}

void Autoencoder::initialize(std::uint64_t seed) {
  engine_->set_parameters(glorot_uniform(engine_->layout(), seed));
}

void Autoencoder::load_weights(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::map<std::string, Array<float>> tensors;
  for (auto& [key, tensor] : files::load_safetensors(file)) {
    tensors.insert_or_assign(key, std::move(tensor));
  }
  const ParameterLayout& layout = engine_->layout();
  std::vector<float> flat(layout.flat_size());
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const ParameterSpec& spec = layout.specs()[t];
    const auto found = tensors.find(spec.name);
    if (found == tensors.end()) {
      throw Error(name + ": tensor '" + spec.name + "' of model '" + model().name + "' is missing");
    }
    const Array<float>& tensor = found->second;
    if (tensor.shape != spec.shape) {
      throw Error(name + ": tensor '" + spec.name + "' has shape " + describe(tensor.shape) +
                  "; model '" + model().name + "' wants " + describe(spec.shape));
    }
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      if (!std::isfinite(tensor.values[i])) {
        throw Error(name + ": tensor '" + spec.name + "', value " + std::to_string(i) +
                    " is not finite");
      }
    }
    std::ranges::copy(tensor.values, flat.begin() + static_cast<std::ptrdiff_t>(layout.offset(t)));
    tensors.erase(found);
  }
  if (!tensors.empty()) {
    throw Error(name + ": tensor '" + tensors.begin()->first + "' does not belong to model '" +
                model().name + "'");
  }
  engine_->set_parameters(flat);
}

void Autoencoder::save_weights(const std::filesystem::path& file) const {
  const ParameterLayout& layout = engine_->layout();
  const std::vector<float> flat = engine_->parameters();
  std::vector<files::NamedTensor> tensors;
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const ParameterSpec& spec = layout.specs()[t];
    const auto first = flat.begin() + static_cast<std::ptrdiff_t>(layout.offset(t));
    const auto size = static_cast<std::ptrdiff_t>(element_count(spec.shape));
    tensors.push_back({spec.name, Array<float>(spec.shape, {first, first + size})});
  }
  files::save_safetensors(file, tensors);
}

TrainingResult Autoencoder::train(const Array<std::uint8_t>& images,
                                  const Array<std::uint8_t>& validation,
                                  const TrainingOptions& options) {
  check_rows(images, model().input, "training images");
  check_rows(validation, model().input, "validation images");
  check_options(options, images.rows());
  engine_->begin_training(images, validation, options);

  TrainingResult result;
  const std::size_t step_limit = options.steps.value_or(std::numeric_limits<std::size_t>::max());
  for (std::size_t epoch = 1; epoch <= options.epochs && result.steps < step_limit; ++epoch) {
    const Range range("epoch");
    const auto start = Clock::now();
    const auto on_step = [&](std::size_t seen) {
      return !options.on_step ||
             options.on_step({epoch, options.epochs, seen, images.rows(), seconds_since(start)});
    };
    const EpochLosses losses = engine_->run_epoch(epoch, step_limit - result.steps, on_step);
    result.steps += losses.steps;
    if (losses.stopped) {
      result.stopped = true;
      break;
    }
    const double seconds = seconds_since(start);
    result.epochs.push_back({epoch, losses.train_loss, losses.validation_loss, seconds,
                             static_cast<double>(losses.images) / seconds});
    if (!std::isfinite(losses.train_loss) || !std::isfinite(losses.validation_loss)) {
      throw Error("the loss is not finite after epoch " + std::to_string(epoch) +
                  "; try a smaller learning rate than " + shortest(options.learning_rate));
    }
    if (options.on_epoch) options.on_epoch(result.epochs.back());
  }
  return result;
}

Array<float> Autoencoder::encode(const Array<float>& images) const {
  const Range range("encode");
  check_rows(images, model().input, "images");
  check_finite(images, "images");
  return engine_->run(Part::encoder, images);
}

Array<float> Autoencoder::decode(const Array<float>& latent) const {
  const Range range("decode");
  check_rows(latent, model().latent(), "latent codes");
  check_finite(latent, "latent codes");
  Array<float> images = engine_->run(Part::decoder, latent);
  images.shape = image_array_shape(latent.rows(), model().input);
  return images;
}

Array<float> Autoencoder::reconstruct(const Array<float>& images) const {
  const Range range("reconstruct");
  check_rows(images, model().input, "images");
  check_finite(images, "images");
  Array<float> result = engine_->run(Part::both, images);
  result.shape = image_array_shape(images.rows(), model().input);
  return result;
}

void Autoencoder::on_batch(std::function<void()> callback) {
  engine_->on_batch = std::move(callback);
}

}  // namespace hourglass
