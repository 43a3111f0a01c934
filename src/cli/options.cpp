#include "cli/options.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <hourglass/error.hpp>

#include "cli/numbers.hpp"

namespace hourglass::cli {
namespace {

/// Whether the whole text is a number, in decimal.
template <class Number>
bool parse(const std::string& text, Number& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

std::string found_instead(const std::string& text, const std::string& expected) {
  return "found '" + text + "', expected " + expected;
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const std::string expected =
      most == std::uint64_t(-1)
          ? "a whole number, " + std::to_string(least) + " or more"
          : "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const auto check = [=](std::string& text) {
    std::uint64_t value = 0;
    if (!parse(text, value) || value < least || value > most) return found_instead(text, expected);
    text = std::to_string(value);
    return std::string();
  };
  return {check, ""};
}

CLI::Validator positive_number() {
  const auto check = [](std::string& text) {
    double value = 0.0;
    const bool good = parse(text, value) && value > 0.0 && std::isfinite(value);
    return good ? std::string() : found_instead(text, "a number greater than 0");
  };
  return {check, ""};
}

CLI::Validator number(double least, double most) {
  const std::string expected = "a number from " + plain(least) + " to " + plain(most);
  const auto check = [=](std::string& text) {
    double value = 0.0;
    const bool good = parse(text, value) && value >= least && value <= most;
    return good ? std::string() : found_instead(text, expected);
  };
  return {check, ""};
}

void ComputeOptions::add_device_to(CLI::App& command) {
  command.add_option("--device", device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", threads, "CPU threads (default: all it is given)")
      ->transform(whole_number(1, 4096));
  command.add_flag("--quiet", quiet, "no progress");
}

void ComputeOptions::add_engine_to(CLI::App& command) {
  command.add_option("--engine", engine, "auto, layered or fused")
      ->transform(one_of<EngineKind>())
      ->default_str("auto");
  command.add_option("--precision", precision, "fp32 or tf32")
      ->transform(one_of<Precision>())
      ->default_str("fp32");
}

Device ComputeOptions::select() const {
  set_cpu_threads(threads);
  return select_device(device);
}

Autoencoder ComputeOptions::make_autoencoder(Model model, const Device& chosen) const {
  return Autoencoder(std::move(model), chosen, engine, precision);
}

void DataOptions::add_to(CLI::App& command) {
  command.add_option("--data", data,
                     "folder with the four MNIST files, or synthetic, or synthetic:N "
                     "(default: $HOURGLASS_DATA, then data/mnist)");
}

std::string DataOptions::source() const {
  if (data) return *data;
  const char* environment = std::getenv("HOURGLASS_DATA");
  return environment != nullptr && *environment != '\0' ? environment : "data/mnist";
}

void TrainOptions::add_to(CLI::App& command) {
  command.add_option("--epochs", epochs, "passes over the training images (default: the model's)")
      ->transform(whole_number(1));
  command.add_option("--steps", steps, "stop after so many steps in all")
      ->transform(whole_number(1));
  command.add_option("--batch-size", batch_size, "images a step (default: the model's)")
      ->transform(whole_number(1));
  command.add_option("--learning-rate", learning_rate, "of Adam (default: the model's)")
      ->check(positive_number());
  command.add_option("--loss", loss, "bce or mse (default: the model's)")
      ->transform(one_of<Loss>());
  command.add_option("--seed", seed, "of the initial weights and the shuffling")
      ->transform(whole_number(0))
      ->capture_default_str();
  command.add_flag("--no-shuffle", no_shuffle, "take the images in order");
  command
      .add_option("--reduction", reduction,
                  "of gradients: ordered (the same seed, the same bytes) or atomic (as they come)")
      ->transform(one_of<Reduction>())
      ->default_str("ordered");
  command.add_flag("--phase-times", phase_times, "say where the fused engine's time goes");
  command.add_option("--initial-weights", initial_weights,
                     "safetensors file to start from instead of random weights");
}

bool TrainOptions::says_how_to_train() const {
  return epochs || steps || batch_size || learning_rate || loss || no_shuffle || reduction ||
         phase_times || initial_weights;
}

TrainingOptions TrainOptions::training(const TrainingDefaults& defaults) const {
  TrainingOptions options;
  options.epochs = epochs.value_or(defaults.epochs);
  options.steps = steps;
  options.batch_size = batch_size.value_or(defaults.batch_size);
  options.learning_rate = learning_rate.value_or(defaults.learning_rate);
  options.loss = loss.value_or(defaults.loss);
  options.seed = seed;
  options.shuffle = !no_shuffle;
  options.reduction = reduction.value_or(Reduction::ordered);
  options.phase_times = phase_times;
  return options;
}

Json TrainOptions::to_json(const TrainingOptions& training) const {
  Json json;
  json["epochs"] = training.epochs;
  json["steps"] = training.steps ? Json(*training.steps) : Json();
  json["batch_size"] = training.batch_size;
  json["learning_rate"] = training.learning_rate;
  json["loss"] = name_of(training.loss);
  json["seed"] = training.seed;
  json["shuffle"] = training.shuffle;
  json["reduction"] = name_of(training.reduction);
  json["initial_weights"] = initial_weights ? Json(initial_weights->string()) : Json();
  return json;
}

void ModelOptions::add_to(CLI::App& command, const std::string& otherwise) {
  command.add_option("--model", model,
                     "conv, dense, or a FILE.json that describes one" + otherwise);
}

Model ModelOptions::find(const std::string& name_or_file) {
  if (name_or_file.ends_with(".json")) return load_model(name_or_file);
  try {
    return find_model(name_or_file);
  } catch (const UsageError& error) {
    throw UsageError(std::string(error.what()) + ", or a file whose name ends with .json");
  }
}

}  // namespace hourglass::cli
