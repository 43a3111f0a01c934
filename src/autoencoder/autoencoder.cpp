#include <algorithm>
#include <cmath>
#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <limits>
#include <sstream>
#include <utility>

#include "autoencoder/check_training.hpp"
#include "autoencoder/engine.hpp"
#include "autoencoder/weights_file.hpp"
#include "data/check.hpp"
#include "device/clock.hpp"
#include "device/range.hpp"

namespace hourglass {
namespace {

/// 0.001 and 1e+30, where std::to_string has 0.001000 and 31 digits.
std::string shortest(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

/// Ends one that fails or is stopped, too.
class RunningTraining {
 public:
  explicit RunningTraining(Engine& engine) : engine_(&engine) {}
  ~RunningTraining() {
    try {
      end();
    } catch (const Error&) {  // there is one on its way already
    }
  }
  RunningTraining(const RunningTraining&) = delete;
  RunningTraining& operator=(const RunningTraining&) = delete;

  void end() {
    if (Engine* engine = std::exchange(engine_, nullptr)) engine->end_training();
  }

 private:
  Engine* engine_;
};

/// Before anything is made of them.
void check_rows(const Images& rows, const ImageShape& expected, const Device& device,
                const std::string& what) {
  check_size(rows, expected, what);
  check_place(rows, device, what);
  require_finite_pixels(rows, what);
}

}  // namespace

Shape image_array_shape(std::size_t rows, const ImageShape& image) {
  if (image.channels == 1 && image.height == 1) return {rows, image.width};
  if (image.channels == 1) return {rows, image.height, image.width};
  return {rows, image.channels, image.height, image.width};
}

Autoencoder::Autoencoder(Model model, const Device& device, EngineKind engine, Precision precision)
    : Autoencoder(device, choose_engine(std::move(model), device, engine, precision)) {}

Autoencoder::Autoencoder(const Device& device, ChosenEngine chosen)
    : device_(device),
      engine_(std::move(chosen.engine)),
      why_not_fused_(std::move(chosen.why_not_fused)) {
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
const std::string& Autoencoder::why_not_fused() const {
  return why_not_fused_;
}
std::size_t Autoencoder::parameter_count() const {
  return engine_->layout().count();
}

void Autoencoder::initialize(std::uint64_t seed) {
  engine_->set_parameters(glorot_uniform(engine_->layout(), seed));
}

void Autoencoder::load_weights(const std::filesystem::path& file) {
  engine_->set_parameters(load_parameters(file, model(), engine_->layout()));
}

void Autoencoder::save_weights(const std::filesystem::path& file) const {
  save_parameters(file, model(), engine_->layout(), engine_->parameters());
}

Array<float> Autoencoder::parameter(std::string_view name) const {
  const auto& specs = engine_->layout().specs();
  const auto found = std::ranges::find(specs, name, &ParameterSpec::name);
  if (found == specs.end()) {
    throw UsageError("model '" + model().name + "' has no parameter '" + std::string(name) + "'");
  }
  return tensor_of(engine_->layout(), static_cast<std::size_t>(found - specs.begin()),
                   engine_->parameters());
}

std::vector<Array<float>> Autoencoder::parameters() const {
  const std::vector<float> flat = engine_->parameters();
  std::vector<Array<float>> tensors;
  for (std::size_t t = 0; t < engine_->layout().specs().size(); ++t) {
    tensors.push_back(tensor_of(engine_->layout(), t, flat));
  }
  return tensors;
}

void Autoencoder::set_parameters(const std::vector<Array<float>>& tensors) {
  const ParameterLayout& layout = engine_->layout();
  if (tensors.size() != layout.specs().size()) {
    throw Error("model '" + model().name + "' has " + std::to_string(layout.specs().size()) +
                " parameters, and " + std::to_string(tensors.size()) + " were given");
  }
  std::vector<float> flat(layout.flat_size());
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    put_tensor(layout, t, model(), tensors[t], "tensor", flat);
  }
  engine_->set_parameters(flat);
}

TrainingResult Autoencoder::train(const Images& images, const Images& validation,
                                  const TrainingOptions& options) {
  check_training(model(), device_, images, validation, options);
  if (options.phase_times && !engine_->has_phases()) {
    throw Error("the " + std::string(name_of(engine())) +
                " engine has no phases to time for this model" +
                (why_not_fused_.empty() ? "" : " (not fused: " + why_not_fused_ + ")"));
  }
  RunningTraining training(*engine_);
  engine_->begin_training(images, validation, options);

  TrainingResult result;
  const auto stopped = [&] {
    return Stopped("training stopped as requested, after " + std::to_string(result.steps) +
                   " steps");
  };
  const std::size_t step_limit = options.steps.value_or(std::numeric_limits<std::size_t>::max());
  for (std::size_t epoch = 1; epoch <= options.epochs && result.steps < step_limit; ++epoch) {
    // Before its first step: what on_epoch was told of is then what the weights are.
    if (options.stop && options.stop()) throw stopped();
    const Range range("epoch");
    const auto start = Clock::now();
    const auto on_step = [&](std::size_t seen) {
      const std::size_t steps = result.steps + (seen - 1) / options.batch_size + 1;
      if (options.on_step) {
        options.on_step({epoch, options.epochs, steps, seen, images.count(), seconds_since(start)});
      }
      return !options.stop || !options.stop();
    };
    const EpochLosses losses = engine_->run_epoch(epoch, step_limit - result.steps, on_step);
    result.steps += losses.steps;
    if (losses.stopped) throw stopped();
    const double seconds = losses.seconds.value_or(seconds_since(start));
    result.epochs.push_back({epoch, losses.train_loss, losses.validation_loss, seconds,
                             static_cast<double>(losses.images) / seconds});
    if (!std::isfinite(losses.train_loss) || !std::isfinite(losses.validation_loss)) {
      throw NotFinite("the loss is not finite after epoch " + std::to_string(epoch) +
                      "; try a smaller learning rate than " + shortest(options.learning_rate));
    }
    if (options.on_epoch) options.on_epoch(result.epochs.back());
  }
  result.phases = engine_->phase_times();
  // A relu may have hidden what became of them from the loss.
  if (!all_finite(engine_->parameters())) {
    throw NotFinite("the weights are not finite after " + std::to_string(result.steps) +
                    " steps; try a smaller learning rate than " + shortest(options.learning_rate));
  }
  training.end();
  return result;
}

Array<float> Autoencoder::encode(const Images& images, const StopRequest& stop) const {
  const Range range("encode");
  check_rows(images, model().input, device_, "images");
  return engine_->run(encoder_of(model()), images, stop);
}

Samples Autoencoder::encode_on_device(const Images& images, const StopRequest& stop) const {
  const Range range("encode");
  check_rows(images, model().input, device_, "images");
  return {engine_->run_on_device(encoder_of(model()), images, stop),
          {images.count(), model().latent().size()},
          device_};
}

Array<float> Autoencoder::decode(const ArrayView<float>& latent, const StopRequest& stop) const {
  const Range range("decode");
  const Images codes(latent);
  check_rows(codes, model().latent(), device_, "latent codes");
  Array<float> images = engine_->run(decoder_of(model()), codes, stop);
  images.shape = image_array_shape(latent.rows(), model().input);
  return images;
}

Samples Autoencoder::decode_on_device(const Samples& latent, const StopRequest& stop) const {
  const Range range("decode");
  const Images codes = latent.device().kind == DeviceKind::cuda
                           ? Images(GpuView<float>{.shape = {latent.rows(), latent.row_size()},
                                                   .data = latent.device_values(),
                                                   .index = latent.device().index})
                           : Images(latent.host());
  check_rows(codes, model().latent(), device_, "latent codes");
  return {engine_->run_on_device(decoder_of(model()), codes, stop),
          image_array_shape(latent.rows(), model().input), device_};
}

Samples Autoencoder::reconstruct_on_device(const Images& images, const StopRequest& stop) const {
  const Range range("reconstruct");
  check_rows(images, model().input, device_, "images");
  return {engine_->run_on_device(all_of(model()), images, stop),
          image_array_shape(images.count(), model().input), device_};
}

Array<float> Autoencoder::reconstruct(const Images& images, const StopRequest& stop) const {
  const Range range("reconstruct");
  check_rows(images, model().input, device_, "images");
  Array<float> result = engine_->run(all_of(model()), images, stop);
  result.shape = image_array_shape(images.count(), model().input);
  return result;
}

Array<float> Autoencoder::activations(const Images& images, std::size_t layers,
                                      const StopRequest& stop) const {
  check_rows(images, model().input, device_, "images");
  const auto shapes = model().shapes();
  if (layers >= shapes.size()) {
    throw UsageError("model '" + model().name + "' has " + std::to_string(shapes.size() - 1) +
                     " layers, not " + std::to_string(layers));
  }
  Array<float> maps = engine_->run({0, layers}, images, stop);
  maps.shape = {images.count(), shapes[layers].channels, shapes[layers].height,
                shapes[layers].width};
  return maps;
}

}  // namespace hourglass
