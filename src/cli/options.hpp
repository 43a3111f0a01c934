// The options that several commands share, spelled once.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/device.hpp>
#include <hourglass/names.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace hourglass::cli {

using Json = nlohmann::ordered_json;

/// For options that are numbers. CLI11 alone takes -1 for a very large count, 010 for eight, and
/// nan.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least,
                                          std::uint64_t most = std::uint64_t(-1));
[[nodiscard]] CLI::Validator positive_number();
[[nodiscard]] CLI::Validator number(double least, double most);

/// One of an enum's names.
template <Named Enum>
[[nodiscard]] CLI::Validator one_of();

/// Where and how to compute.
struct ComputeOptions {
  std::string device = "auto";
  EngineKind engine = EngineKind::automatic;
  Precision precision = Precision::fp32;
  int threads = 0;
  bool quiet = false;

  void add_device_to(CLI::App& command);  ///< --device, --threads, --quiet
  void add_engine_to(CLI::App& command);  ///< --engine, --precision

  /// Sets the CPU's threads and chooses the device.
  [[nodiscard]] Device select() const;
  [[nodiscard]] Autoencoder make_autoencoder(Model model, const Device& device) const;
};

/// Which images.
struct DataOptions {
  std::optional<std::string> data;

  void add_to(CLI::App& command);
  /// --data, else $HOURGLASS_DATA, else data/mnist.
  [[nodiscard]] std::string source() const;
  [[nodiscard]] Dataset load() const { return load_dataset(source()); }
};

/// How to train; what is not said is the model's default.
struct TrainOptions {
  std::optional<std::size_t> epochs;
  std::optional<std::size_t> steps;
  std::optional<std::size_t> batch_size;
  std::optional<double> learning_rate;
  std::optional<Loss> loss;
  std::uint64_t seed = 0;
  bool no_shuffle = false;
  std::optional<Reduction> reduction;
  bool phase_times = false;
  std::optional<std::filesystem::path> initial_weights;

  void add_to(CLI::App& command);
  /// Whether anything but the seed is given.
  [[nodiscard]] bool says_how_to_train() const;
  [[nodiscard]] TrainingOptions training(const TrainingDefaults& defaults) const;
  /// What is in effect.
  [[nodiscard]] Json to_json(const TrainingOptions& training) const;
};

/// Which model: one that ships, or a file.
struct ModelOptions {
  std::optional<std::string> model;

  /// --model NAME or FILE.json
  void add_to(CLI::App& command, const std::string& otherwise);
  [[nodiscard]] static Model find(const std::string& name_or_file);
};

template <Named Enum>
CLI::Validator one_of() {
  const auto check = [](std::string& text) {
    std::string names;
    for (std::size_t i = 0; i < kNames<Enum>.size(); ++i) {
      const std::string name(kNames<Enum>[i]);
      if (text == name) {
        text = std::to_string(i);  // as CLI11 reads an enum
        return std::string();
      }
      names += (names.empty() ? "" : ", ") + name;
    }
    return "found '" + text + "', expected one of " + names;
  };
  return {check, ""};
}

}  // namespace hourglass::cli
