// An autoencoder on a device: train it, then encode, decode and reconstruct.
//
//   auto device = hourglass::select_device("auto");
//   hourglass::Autoencoder autoencoder(hourglass::conv_model(), device);
//   auto data = hourglass::load_mnist("data/mnist");
//   autoencoder.train(data.train.images, data.test.images, {.epochs = 10});
//   auto latent = autoencoder.encode(data.test.images);
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/corruption.hpp>
#include <hourglass/device.hpp>
#include <hourglass/images.hpp>
#include <hourglass/loss.hpp>
#include <hourglass/model.hpp>
#include <hourglass/names.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hourglass {

class Engine;
struct ChosenEngine;

/// Where training stands, told after each step.
struct TrainingProgress {
  std::size_t epoch;  ///< from 1
  std::size_t epochs;
  std::size_t steps;        ///< taken in all
  std::size_t images_seen;  ///< of this epoch
  std::size_t images;       ///< in an epoch
  double seconds;           ///< since the epoch began
};

/// How the gradients of a batch's images come together, where an engine has the choice.
enum class Reduction {
  ordered,  ///< always in the same order: the same seed gives the same bytes
  atomic,   ///< as they come, which spares a GPU a barrier: every run has other last bits
};
template <>
inline constexpr std::array<std::string_view, 2> kNames<Reduction> = {"ordered", "atomic"};

struct EpochResult {
  std::size_t epoch;         ///< from 1
  double train_loss;         ///< mean over the images seen, each at the step that saw it
  double validation_loss;    ///< mean over the validation images, at the epoch's end
  double seconds;            ///< training and validation
  double images_per_second;  ///< training images over `seconds`
};

struct TrainingOptions {
  std::size_t epochs = 10;
  std::optional<std::size_t> steps = {};  ///< stop after so many steps in all
  std::size_t batch_size = 64;
  double learning_rate = 1e-3;
  Loss loss = Loss::bce;
  std::uint64_t seed = 0;  ///< of the shuffling
  bool shuffle = true;
  Reduction reduction = Reduction::ordered;  ///< of the fused engine; the layered one has its own
  bool phase_times = false;                  ///< of the fused engine: TrainingResult::phases
  /// Of what the network sees, drawn anew each step; the loss asks for the clean images. Validation
  /// images have one corruption, that of corrupt().
  Corruption corruption = {};

  /// Called after each step (by the fused engine every few steps) and each epoch.
  std::function<void(const TrainingProgress&)> on_step = {};
  std::function<void(const EpochResult&)> on_epoch = {};
  StopRequest stop = {};
};

/// What one phase of the fused engine's kernel took, over all steps and validations.
struct PhaseTime {
  std::string phase;
  double seconds;  ///< mean over the blocks that trained
};

struct TrainingResult {
  std::vector<EpochResult> epochs;
  std::size_t steps = 0;
  std::vector<PhaseTime> phases;  ///< in their order in a step, if asked for
};

/// Arrays of images: (N, height, width); (N, channels, height, width) with several channels; (N,
/// width) for rows of values that are not images.
[[nodiscard]] Shape image_array_shape(std::size_t count, const ImageShape& image);

/// The model a file of weights was saved from: as described in it or, for files from elsewhere, the
/// model that ships with the library and has most of these tensors. Throws Error if there is none.
[[nodiscard]] Model model_of(const std::filesystem::path& weights);

/// Images of a size that is not the model's, values that are not finite and bad files throw Error,
/// bad options UsageError; the autoencoder is then as it was, but for a training that diverged
/// (NotFinite) or was stopped (Stopped). Running out of memory and a device that fails throw Error
/// too. Not for several threads at once; several autoencoders may live side by side.
class Autoencoder {
 public:
  /// Throws Error for a model that makes no sense, an engine or a precision that this device or
  /// build does not have, and where memory runs out.
  explicit Autoencoder(Model model, const Device& device = select_device("auto"),
                       EngineKind engine = EngineKind::automatic,
                       Precision precision = Precision::fp32);
  ~Autoencoder();
  Autoencoder(Autoencoder&&) noexcept;
  Autoencoder& operator=(Autoencoder&&) noexcept;
  Autoencoder(const Autoencoder&) = delete;
  Autoencoder& operator=(const Autoencoder&) = delete;

  [[nodiscard]] const Model& model() const;
  [[nodiscard]] EngineKind engine() const;
  /// Why `automatic` did not become the fused engine; empty where it did, or was not asked for.
  [[nodiscard]] const std::string& why_not_fused() const;
  [[nodiscard]] std::size_t parameter_count() const;

  /// Glorot uniform weights (Glorot and Bengio 2010, equation 16), zero biases.
  void initialize(std::uint64_t seed);

  /// Safetensors, float32, named as in parameter_specs(). Every tensor must be there, with its
  /// shape and finite values, and no other.
  void load_weights(const std::filesystem::path& file);
  void save_weights(const std::filesystem::path& file) const;

  /// Adam on the reconstruction loss. Images of any shape whose rows have the model's size: (N,
  /// height, width), (N, channels, height, width), ...; floats must be in [0, 1], unless the
  /// model's output is linear.
  TrainingResult train(const Images& images, const Images& validation,
                       const TrainingOptions& options);

  /// A trainable tensor by its name in parameter_specs(). Throws UsageError for another.
  [[nodiscard]] Array<float> parameter(std::string_view name) const;
  /// All of them, as parameter_specs() lists them, to keep and to put back. Setting throws Error
  /// for another number of tensors, other shapes and values that are not finite.
  [[nodiscard]] std::vector<Array<float>> parameters() const;
  void set_parameters(const std::vector<Array<float>>& tensors);

  /// (N, image) -> (N, latent), a latent row in channel, row, column order.
  [[nodiscard]] Array<float> encode(const Images& images, const StopRequest& stop = {}) const;
  /// The same codes, left on the device for what comes next.
  [[nodiscard]] Samples encode_on_device(const Images& images, const StopRequest& stop = {}) const;
  /// (N, latent) -> (N, height, width), or (N, channels, height, width) with several channels.
  [[nodiscard]] Array<float> decode(const ArrayView<float>& latent,
                                    const StopRequest& stop = {}) const;
  /// The same from and to the device: of codes in the memory of this autoencoder's device.
  [[nodiscard]] Samples decode_on_device(const Samples& latent, const StopRequest& stop = {}) const;
  /// decode(encode(images)) without the round trip.
  [[nodiscard]] Array<float> reconstruct(const Images& images, const StopRequest& stop = {}) const;
  [[nodiscard]] Samples reconstruct_on_device(const Images& images,
                                              const StopRequest& stop = {}) const;
  /// What comes out of the first `layers` layers: (N, channels, height, width). After the last come
  /// images. Throws UsageError for more layers than there are.
  [[nodiscard]] Array<float> activations(const Images& images, std::size_t layers,
                                         const StopRequest& stop = {}) const;

 private:
  Autoencoder(const Device& device, ChosenEngine chosen);

  Device device_;
  std::unique_ptr<Engine> engine_;
  std::string why_not_fused_;
};

}  // namespace hourglass
