// encode, decode, reconstruct: arrays through a trained model.
#include <algorithm>
#include <functional>
#include <hourglass/npy.hpp>
#include <memory>
#include <string>

#include "cli/about_file.hpp"
#include "cli/commands.hpp"
#include "cli/images.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/run_folder.hpp"

namespace hourglass::cli {
namespace {

struct ImagesOptions {
  ComputeOptions compute;
  DataOptions data;
  ModelOptions model;
  std::filesystem::path weights;
  std::optional<std::filesystem::path> input;
  std::optional<std::string> split;
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
  command.add_option("--split", options.split, "train or test, of --data (default: test)");
  command.add_option("--first", options.first, "only the first N images")
      ->transform(whole_number(1));
}

/// From --input, or from the data set that --data, $HOURGLASS_DATA or data/mnist names.
Array<float> images_of(const ImagesOptions& options) {
  const std::size_t most = options.first.value_or(static_cast<std::size_t>(-1));
  if (options.input) {
    if (options.data.data || options.split) {
      throw UsageError("--input is an array of its own; leave it out, or --data and --split");
    }
    const Array<float> images = load_images(*options.input);
    return first_rows(images, most, images.shape);
  }
  const std::string split = options.split.value_or("test");
  if (split != "train" && split != "test") {
    throw UsageError("unknown split '" + split + "'; there are: train, test");
  }
  const Dataset data = options.data.load();
  const auto& images = split == "train" ? data.train.images : data.test.images;
  return to_unit_range(first_rows(images, most, images.shape));
}

/// Runs `work` with the trained model on what `load` gives, and saves what it returns.
template <class Load, class Work>
void with_model(const ImagesOptions& options, Load load, Work work) {
  check_output_file(options.out);
  const Device device = options.compute.select();
  Autoencoder autoencoder = options.compute.make_autoencoder(
      options.model.model ? ModelOptions::find(*options.model.model) : model_of(options.weights),
      device);
  autoencoder.load_weights(options.weights);
  autoencoder.on_batch(stop_if_interrupted);
  const Array<float> input = load(options);
  const Array<float> result =
      about_file(options.input ? *options.input : std::filesystem::path(options.data.source()),
                 [&] { return work(autoencoder, input); });
  save_npy(options.out, result);
  Progress(options.compute.quiet)
      .say(with_thousands(static_cast<double>(result.rows())) + " rows of " +
           std::to_string(result.row_size()) + " in " + options.out.string() + " (" +
           device.summary + ")");
}

}  // namespace

void add_images_commands(CLI::App& program) {
  CLI::App& encode = *program.add_subcommand("encode", "images to latent codes");
  const auto encode_options = add_options(encode);
  add_data_options(encode, *encode_options);
  encode.callback([encode_options] {
    with_model(*encode_options, images_of, std::mem_fn(&Autoencoder::encode));
  });

  CLI::App& decode = *program.add_subcommand("decode", "latent codes to images");
  const auto decode_options = add_options(decode);
  decode.get_option("--input")->required();
  decode.callback([decode_options] {
    const auto load = [](const ImagesOptions& options) { return load_npy(*options.input); };
    with_model(*decode_options, load, std::mem_fn(&Autoencoder::decode));
  });

  CLI::App& reconstruct =
      *program.add_subcommand("reconstruct", "images through both halves of a model");
  const auto reconstruct_options = add_options(reconstruct);
  add_data_options(reconstruct, *reconstruct_options);
  reconstruct.callback([reconstruct_options] {
    with_model(*reconstruct_options, images_of, std::mem_fn(&Autoencoder::reconstruct));
  });
}

}  // namespace hourglass::cli
