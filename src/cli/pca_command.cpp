// pca: principal components of any array.
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <memory>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/run_folder.hpp"

namespace hourglass::cli {
namespace {

struct PcaCommandOptions {
  ComputeOptions compute;
  PcaOptions pca;
  std::filesystem::path input;
  std::filesystem::path out;
};

void run_pca(const PcaCommandOptions& options) {
  check_output_file(options.out);
  const Device device = options.compute.select();
  const Array<float> x = load_npy(options.input);
  const PcaModel model = fit_pca(x, options.pca, device);
  save_npy(options.out, transform(model, x, device));

  Json json;
  json["mean"] = model.mean;
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
  save_json(std::filesystem::path(options.out).replace_extension(".json"), json);

  double explained = 0.0;
  for (const double ratio : model.explained_variance_ratio) explained += ratio;
  Progress(options.compute.quiet)
      .say(std::to_string(model.components.rows()) + " components of " +
           with_thousands(static_cast<double>(x.rows())) + " x " + std::to_string(x.row_size()) +
           " explain " + std::to_string(100.0 * explained).substr(0, 5) + " % of the variance; " +
           options.out.string() + " (" + device.summary + ")");
}

}  // namespace

void add_pca_command(CLI::App& program) {
  CLI::App& command = *program.add_subcommand("pca", "principal components of any array");
  auto options = std::make_shared<PcaCommandOptions>();
  command.add_option("input", options->input, ".npy array, rows are samples")->required();
  command.add_option("--components", options->pca.components, "how many")->capture_default_str();
  command.add_flag("--whiten", options->pca.whiten, "unit variance along each component");
  command.add_option("--out", options->out, ".npy file to write; a .json goes beside it")
      ->required();
  options->compute.add_device_to(command);
  command.callback([options] { run_pca(*options); });
}

}  // namespace hourglass::cli
