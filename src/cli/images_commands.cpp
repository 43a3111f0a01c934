// encode, decode, reconstruct: arrays through a trained model.
#include <array>
#include <hourglass/npy.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cli/about_file.hpp"
#include "cli/commands.hpp"
#include "cli/images.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"

namespace hourglass {
namespace {

enum class Split { train, test };

}  // namespace
template <>
inline constexpr std::array<std::string_view, 2> kNames<Split> = {"train", "test"};

namespace cli {
namespace {

struct ImagesOptions {
  ComputeOptions compute;
  DataOptions data;
  ModelOptions model;
  std::filesystem::path weights;
  std::optional<std::filesystem::path> input;
  std::optional<Split> split;
  std::optional<std::size_t> first;
  std::filesystem::path out;
};

std::shared_ptr<ImagesOptions> add_options(CLI::App& command) {
  auto options = std::make_shared<ImagesOptions>();
  options->compute.add_device_to(command);
  options->compute.add_engine_to(command);
  command.add_option("--weights", options->weights, "safetensors file of a trained model")
      ->required();
  options->model.add_to(command, " (default: what the weights say)");
  command.add_option("--input", options->input, ".npy array, one sample a row");
  command.add_option("--out", options->out, ".npy file to write")->required();
  return options;
}

void add_data_options(CLI::App& command, ImagesOptions& options) {
  options.data.add_to(command);
  command.add_option("--split", options.split, "train or test, of --data (default: test)")
      ->transform(one_of<Split>());
  command.add_option("--first", options.first, "only the first N images")
      ->transform(whole_number(1));
}

/// From --input, or from the data set that --data, $HOURGLASS_DATA or data/mnist names.
ImageArray images_of(const ImagesOptions& options, const Model& model) {
  if (options.input) {
    if (options.data.data || options.split) {
      throw UsageError("--input is an array of its own; leave it out, or --data and --split");
    }
    return load_images(*options.input, model);
  }
  Dataset data = options.data.load();
  return std::move(options.split == Split::train ? data.train.images : data.test.images);
}

/// Runs `work` with the trained model and its input, and saves what it returns.
template <class Work>
void with_model(const ImagesOptions& options, Work work) {
  check_output_file(options.out);
  check_not_read(options.out, {options.weights, options.input, options.model.model});
  const Device device = options.compute.select();
  Autoencoder autoencoder = options.compute.make_autoencoder(
      options.model.model ? ModelOptions::find(*options.model.model) : model_of(options.weights),
      device);
  autoencoder.load_weights(options.weights);
  const Array<float> result = work(autoencoder);
  save_npy(options.out, result);
  Progress(options.compute.quiet)
      .say(with_thousands(static_cast<double>(result.rows())) + " rows of " +
           std::to_string(result.row_size()) + " in " + options.out.string() + " (" +
           device.summary + ")");
}

/// encode and reconstruct: images in.
using Method = Array<float> (Autoencoder::*)(const Images&, const StopRequest&) const;
void with_images(const ImagesOptions& options, Method method) {
  with_model(options, [&](const Autoencoder& autoencoder) {
    const ImageArray images = images_of(options, autoencoder.model());
    const auto source =
        options.input ? *options.input : std::filesystem::path(options.data.source());
    const Images first = Images(images).first(options.first.value_or(Images(images).count()));
    return about_file(source, [&] { return (autoencoder.*method)(first, interrupted); });
  });
}

}  // namespace

void add_images_commands(CLI::App& program) {
  CLI::App& encode = *program.add_subcommand("encode", "images to latent codes");
  const auto encode_options = add_options(encode);
  add_data_options(encode, *encode_options);
  encode.callback([encode_options] { with_images(*encode_options, &Autoencoder::encode); });

  CLI::App& decode = *program.add_subcommand("decode", "latent codes to images");
  const auto decode_options = add_options(decode);
  decode.get_option("--input")->required();
  decode.callback([decode_options] {
    with_model(*decode_options, [&](const Autoencoder& autoencoder) {
      const auto& file = *decode_options->input;
      const Array<float> codes = load_npy(file);
      return about_file(file, [&] { return autoencoder.decode(codes, interrupted); });
    });
  });

  CLI::App& reconstruct =
      *program.add_subcommand("reconstruct", "images through both halves of a model");
  const auto reconstruct_options = add_options(reconstruct);
  add_data_options(reconstruct, *reconstruct_options);
  reconstruct.callback(
      [reconstruct_options] { with_images(*reconstruct_options, &Autoencoder::reconstruct); });
}

}  // namespace cli
}  // namespace hourglass
