// page: a map as one self-contained file to walk in, of a run folder or of anyone's arrays.
#include <algorithm>
#include <hourglass/corruption.hpp>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/page.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/about_file.hpp"
#include "cli/commands.hpp"
#include "cli/images.hpp"
#include "cli/interrupt.hpp"
#include "cli/map_page.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/progress.hpp"
#include "cli/rows.hpp"
#include "files/atomic_file.hpp"
#include "files/messages.hpp"
#include "files/npy_format.hpp"

namespace hourglass::cli {
namespace {

namespace fs = std::filesystem;

struct PageOptions {
  ComputeOptions compute;
  DataOptions data;
  std::optional<fs::path> run_folder;
  std::vector<fs::path> maps;
  std::optional<fs::path> rows;
  std::optional<fs::path> images;
  std::optional<fs::path> labels;
  std::optional<fs::path> weights;
  std::optional<fs::path> snapshots;
  std::string title;
  std::optional<fs::path> out;
};

/// An .npy of numbers, or a text with a label a line.
PageLabels load_labels(const fs::path& file) {
  if (file.extension() == ".npy") {
    const auto numbers = files::parse_npy_numbers(files::read_file(file), files::path_text(file));
    const auto name = [](const auto& array) {
      return hourglass::page_labels(std::span(array.values));
    };
    return about_file(file, [&] { return std::visit(name, numbers); });
  }
  const std::string text = files::read_file(file);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string& line = lines.emplace_back(text, begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    begin = end + 1;
  }
  return about_file(file, [&] { return hourglass::page_labels(lines); });
}

void require_rows_of(const fs::path& file, std::size_t found, std::size_t points) {
  if (found == points) return;
  throw Error(file.string() + ": " + std::to_string(found) + " rows, expected " +
              std::to_string(points) + ", as many as the map has points");
}

Autoencoder load_autoencoder(const PageOptions& options, const fs::path& weights,
                             const Device& device) {
  Autoencoder autoencoder = options.compute.make_autoencoder(model_of(weights), device);
  autoencoder.load_weights(weights);
  return autoencoder;
}

// ---- of arrays ----------------------------------------------------------------------------------

void page_of_arrays(const PageOptions& options) {
  if (options.maps.empty()) {
    throw UsageError(
        "page wants a RUN_FOLDER, or --map MAP.npy and what belongs to it; see hourglass page "
        "--help");
  }
  if (!options.out) throw UsageError("--map needs --out FILE.html");
  if (options.data.data) throw UsageError("--data is for a RUN_FOLDER; give images by --images");
  if (options.weights && !options.images) {
    throw UsageError("--weights are run on images; give those by --images");
  }
  check_output_file(*options.out);
  for (const fs::path& map : options.maps) check_not_read(*options.out, {map});
  check_not_read(*options.out, {options.rows, options.images, options.labels, options.weights,
                                options.snapshots});
  const fs::path& first = options.maps.front();
  Page page{.title = options.title.empty() ? first.stem().string() : options.title};
  for (const fs::path& file : options.maps) {
    PageMap map{.name = file.stem().string(), .points = load_npy(file)};
    about_file(file, [&] { require_map(map); });
    page.maps.push_back(std::move(map));
  }
  const std::size_t points = page.maps.front().points.rows();
  for (std::size_t i = 1; i < page.maps.size(); ++i) {
    require_rows_of(options.maps[i], page.maps[i].points.rows(), points);
  }
  if (options.labels) {
    page.labels = load_labels(*options.labels);
    require_rows_of(*options.labels, page.labels.values.size(), points);
  }
  if (options.snapshots) {
    page.snapshots = load_npy(*options.snapshots);
    about_file(*options.snapshots, [&] { require_snapshots(page.snapshots, points); });
  }
  ImageArray images;
  if (options.images) {
    images = load_images(*options.images);
    require_rows_of(*options.images, Images(images).count(), points);
    page.images = images;
  }
  if (options.weights) {
    const Autoencoder autoencoder =
        load_autoencoder(options, *options.weights, options.compute.select());
    const std::string names = options.weights->string() + ", " + options.images->string();
    about_file(names, [&] { add_model(page, autoencoder, images, {}, interrupted); });
  }
  if (options.rows) {
    const Samples rows(load_rows(*options.rows).values, options.compute.select());
    require_rows_of(*options.rows, rows.rows(), points);
    about_file(*options.rows, [&] { add_neighbors(page, rows, {}, interrupted); });
  }
  Progress progress(options.compute.quiet);
  save_page(*options.out, page, progress);
}

// ---- of a run folder ----------------------------------------------------------------------------

Json load_metrics(const fs::path& folder) {
  const fs::path file = folder / "metrics.json";
  if (!fs::exists(file)) {
    throw Error(
        folder.string() +
        (fs::is_directory(folder) ? ": no metrics.json in it" : ": there is no such folder") +
        ", expected the folder of a run");
  }
  try {
    Json metrics = Json::parse(files::read_file(file));
    static_cast<void>(metrics.at("study").get<std::string>());
    static_cast<void>(metrics.at("options").at("data").get<std::string>());
    for (const Json& epoch : metrics.at("epochs")) {
      static_cast<void>(epoch.at("validation_loss").get<double>());
    }
    return metrics;
  } catch (const Json::exception&) {
    throw Error(file.string() + ": not as a run writes it; run the study again");
  }
}

Array<float> load_if_there(const fs::path& file) {
  return fs::exists(file) ? load_npy(file) : Array<float>();
}

void page_of_run(const PageOptions& options) {
  const fs::path& folder = *options.run_folder;
  if (!options.maps.empty() || options.rows || options.labels || options.weights ||
      options.snapshots) {
    throw UsageError("a RUN_FOLDER has its own maps, labels and weights; leave it or them out");
  }
  const fs::path out = options.out.value_or(folder / "map.html");
  const Json metrics = load_metrics(folder);
  check_output_file(out);
  for (const char* name : {"metrics.json", "weights.safetensors", "latent.npy", "labels.npy",
                           "pca.npy", "tsne.npy", "tsne_snapshots.npy"}) {
    check_not_read(out, {folder / name});
  }
  check_not_read(out, {options.images});
  std::vector<PageMap> maps;
  for (const auto& [name, file] : {std::pair("PCA", "pca.npy"), std::pair("t-SNE", "tsne.npy")}) {
    if (!fs::exists(folder / file)) continue;
    PageMap& map = maps.emplace_back(PageMap{.name = name, .points = load_npy(folder / file)});
    about_file(folder / file, [&] { require_map(map); });
  }
  if (maps.empty()) {
    throw Error(folder.string() +
                ": neither pca.npy nor tsne.npy is in it, as run conv leaves them; "
                "run denoise, inpaint and anomaly make their page themselves, again by --weights");
  }
  const Device device = options.compute.select();
  const Autoencoder autoencoder = load_autoencoder(options, folder / "weights.safetensors", device);
  const std::size_t points = maps.front().points.rows();

  ImageArray images;
  if (options.images) {
    images = load_images(*options.images);
    require_rows_of(*options.images, Images(images).count(), points);
  } else {
    const std::string source =
        options.data.data.value_or(metrics["options"]["data"].get<std::string>());
    Dataset data = load_dataset(source);
    images = std::move(data.test.images);
    const fs::path labels = folder / "labels.npy";
    if (fs::exists(labels) &&
        !std::ranges::equal(load_npy(labels).values, data.test.labels.values)) {
      throw Error(source + ": other labels than in " + labels.string() +
                  ", expected the data of that run; name it with --data");
    }
  }
  PageLabels labels;
  if (fs::exists(folder / "labels.npy")) labels = load_labels(folder / "labels.npy");
  Progress progress(options.compute.quiet);
  save_run_page(out,
                {.metrics = metrics,
                 .autoencoder = autoencoder,
                 .images = images,
                 .clean = {},
                 .labels = std::move(labels),
                 .maps = std::move(maps),
                 .codes = Samples(load_npy(folder / "latent.npy"), device),
                 .snapshots = load_if_there(folder / "tsne_snapshots.npy")},
                progress);
}

}  // namespace

void add_page_command(CLI::App& program) {
  CLI::App& command =
      *program.add_subcommand("page", "a map to walk in, as one self-contained HTML file");
  auto options = std::make_shared<PageOptions>();
  command.add_option("run_folder", options->run_folder, "what run conv left behind");
  command.add_option("--map", options->maps,
                     "instead of a folder: .npy (N, 2); may be given more than once");
  command.add_option("--rows", options->rows,
                     ".npy (N, ...), what was mapped: neighbours, and how many each map keeps");
  command.add_option("--images", options->images, ".npy, an image a point");
  command.add_option("--labels", options->labels,
                     "a label a point: .npy of numbers, or a text with one a line");
  command.add_option("--weights", options->weights,
                     "safetensors of a model trained on such images, which then runs in the page");
  command.add_option("--snapshots", options->snapshots,
                     ".npy (frames, N, 2): how the last map came to be");
  command.add_option("--title", options->title, "what stands above (default: the map's file name)");
  command.add_option("--out", options->out, ".html file to write (default: RUN_FOLDER/map.html)");
  options->data.add_to(command);
  options->compute.add_device_to(command);
  command.callback(
      [options] { options->run_folder ? page_of_run(*options) : page_of_arrays(*options); });
}

}  // namespace hourglass::cli
