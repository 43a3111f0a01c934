// An autoencoder on a device: train it, then encode, decode and reconstruct.
//
//   auto device = hourglass::select_device("auto");
//   hourglass::Autoencoder autoencoder(hourglass::conv_model(), device);
//   auto data = hourglass::load_mnist("data/mnist");
//   autoencoder.train(data.train.images, data.test.images, {.epochs = 10});
//   auto latent = autoencoder.encode(hourglass::to_unit_range(data.test.images));
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/corruption.hpp>
#include <hourglass/device.hpp>
#include <hourglass/loss.hpp>
#include <hourglass/model.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hourglass {

class Engine;
struct ImagesView;

/// Where training stands, told after each step.
struct TrainingProgress {
  std::size_t epoch;  ///< from 1
  std::size_t epochs;
  std::size_t images_seen;  ///< of this epoch
  std::size_t images;       ///< in an epoch
  double seconds;           ///< since the epoch began
};

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
  /// Of what the network sees, drawn anew each step; the loss asks for the clean images. Validation
  /// images have one corruption, that of corrupt().
  Corruption corruption = {};

  /// Called after each step and each epoch. Returning false ends training there: train() returns what
  /// was finished, and the weights are those of the last step taken.
  std::function<bool(const TrainingProgress&)> on_step = {};
  std::function<void(const EpochResult&)> on_epoch = {};
};

struct TrainingResult {
  std::vector<EpochResult> epochs;
  std::size_t steps = 0;
  bool stopped = false;  ///< on_step said so
};

/// Arrays of images: (N, height, width); (N, channels, height, width) with several channels; (N, width)
/// for rows that are no images.
[[nodiscard]] Shape image_array_shape(std::size_t count, const ImageShape& image);

/// Bytes / 255, same shape.
[[nodiscard]] Array<float> to_unit_range(const Array<std::uint8_t>& images);

/// The model a file of weights was saved from: as described in it or, for files from elsewhere, the
/// model that ships with the library and has most of these tensors. Throws Error if there is none.
[[nodiscard]] Model model_of(const std::filesystem::path& weights);

/// Bad arrays, options and files throw Error; the autoencoder is then as it was, but for a training that
/// left the finite numbers (NotFinite). Not for several
/// threads at once; several autoencoders may live side by side.
class Autoencoder {
 public:
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
  [[nodiscard]] std::size_t parameter_count() const;

  /// Glorot uniform weights (Glorot and Bengio 2010, equation 16), zero biases.
  void initialize(std::uint64_t seed);

  /// Safetensors, float32, named as in parameter_specs(). Every tensor must be there, with its shape
  /// and finite values, and no other.
  void load_weights(const std::filesystem::path& file);
  void save_weights(const std::filesystem::path& file) const;

  /// Adam on the reconstruction loss. Images: (N, height, width) or (N, channels, height, width), as
  /// bytes of which 255 is one, or as floats in [0, 1].
  TrainingResult train(const Array<std::uint8_t>& images, const Array<std::uint8_t>& validation,
                       const TrainingOptions& options);
  TrainingResult train(const Array<float>& images, const Array<float>& validation,
                       const TrainingOptions& options);

  /// A trainable tensor by its name in parameter_specs(). Throws UsageError for another.
  [[nodiscard]] Array<float> parameter(std::string_view name) const;

  /// (N, image) -> (N, latent), a latent row in channel, row, column order.
  [[nodiscard]] Array<float> encode(const Array<float>& images) const;
  /// (N, latent) -> (N, height, width), or (N, channels, height, width) with several channels.
  [[nodiscard]] Array<float> decode(const Array<float>& latent) const;
  /// decode(encode(images)) without the round trip.
  [[nodiscard]] Array<float> reconstruct(const Array<float>& images) const;
  /// What comes out of the first `layers` layers: (N, channels, height, width). After the last come
  /// images.
  [[nodiscard]] Array<float> activations(const Array<float>& images, std::size_t layers) const;

  /// Asked between batches of encode, decode and reconstruct; may throw to give up.
  void on_batch(std::function<void()> callback);

 private:
  TrainingResult run_training(const ImagesView& images, const ImagesView& validation,
                              const TrainingOptions& options);

  std::unique_ptr<Engine> engine_;
};

}  // namespace hourglass
