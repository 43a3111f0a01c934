// pca: principal components of any array.
#include <charconv>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "cli/about_file.hpp"
#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/rows.hpp"

namespace hourglass::cli {
namespace {

struct PcaCommandOptions {
  ComputeOptions compute;
  PcaOptions pca;
  std::filesystem::path input;
  std::filesystem::path out;
};

bool is_fraction(const std::string& text) {
  return text.find('.') != std::string::npos;
}

/// For --components: 2, or 0.95.
CLI::Validator count_or_fraction() {
  const auto check = [](std::string& text) {
    if (!is_fraction(text)) return whole_number(1)(text);
    double value = 0.0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = result.ec == std::errc() && result.ptr == text.data() + text.size() &&
                      value > 0.0 && value < 1.0;
    return good ? std::string()
                : "found '" + text + "', expected a fraction of the variance between 0 and 1";
  };
  return {check, ""};
}

PcaOptions with_components(const std::string& text, PcaOptions options) {
  if (is_fraction(text)) {
    options.variance_fraction = std::stod(text);
  } else {
    options.components = std::stoull(text);
  }
  return options;
}

void run_pca(const PcaCommandOptions& options) {
  check_output_file(options.out);
  const auto json_file = json_beside(options.out);
  for (const auto& file : {options.out, json_file}) check_not_read(file, {options.input});
  const Device device = options.compute.select();
  Rows rows = load_rows(options.input);
  const Samples x(std::move(rows.values), device);
  PcaOptions pca = options.pca;
  pca.stop = interrupted;
  const auto [model, scores] = about_file(options.input, [&] { return fit_transform_pca(x, pca); });
  save_npy(options.out, scores);

  Json json;
  std::vector<double> mean = model.mean;
  for (std::size_t k = 0; k < rows.offset.size(); ++k) mean[k] += rows.offset[k];
  json["mean"] = mean;
  json["components"] = Json::array();
  for (std::size_t k = 0; k < model.components.rows(); ++k) {
    json["components"].push_back(model.components.row(k));
  }
  json["explained_variance"] = model.explained_variance;
  json["explained_variance_ratio"] = model.explained_variance_ratio;
  json["singular_values"] = model.singular_values;
  json["noise_variance"] = model.noise_variance;
  json["whiten"] = model.whiten;
  json["device"] = device.summary;
  save_json(json_file, json);

  double explained = 0.0;
  for (const double ratio : model.explained_variance_ratio) explained += ratio;
  Progress(options.compute.quiet)
      .say(std::to_string(model.components.rows()) + " components of " +
           with_thousands(static_cast<double>(x.rows())) + " x " + std::to_string(x.row_size()) +
           " explain " + percent(explained) + " of the variance; " + options.out.string() + " (" +
           device.summary + ")");
}

}  // namespace

void add_pca_command(CLI::App& program) {
  CLI::App& command = *program.add_subcommand("pca", "principal components of any array");
  auto options = std::make_shared<PcaCommandOptions>();
  command.add_option("input", options->input, ".npy array, rows are samples")->required();
  const auto set_components = [options](const std::string& text) {
    options->pca = with_components(text, options->pca);
  };
  command
      .add_option_function<std::string>("--components", set_components,
                                        "how many, or as in 0.95: so many that they explain this "
                                        "fraction of the variance")
      ->transform(count_or_fraction())
      ->default_str(std::to_string(options->pca.components));
  command.add_flag("--whiten", options->pca.whiten, "unit variance along each component");
  command.add_option("--out", options->out, ".npy file to write; a .json goes beside it")
      ->required();
  options->compute.add_device_to(command);
  command.callback([options] { run_pca(*options); });
}

}  // namespace hourglass::cli
