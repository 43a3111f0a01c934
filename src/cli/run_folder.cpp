#include "cli/run_folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/output_file.hpp"
#include "files/atomic_file.hpp"

namespace hourglass::cli {

namespace fs = std::filesystem;

namespace {

/// All that a study and its figures (scripts/plot.py) leave.
std::vector<std::string_view> files_of(std::string_view study) {
  std::vector<std::string_view> names{"metrics.json", "weights.safetensors", "loss.png"};
  const auto add = [&](std::initializer_list<std::string_view> more) {
    names.insert(names.end(), more);
  };
  if (study == "conv") {
    add({"originals.npy", "reconstructions.npy", "latent.npy", "labels.npy", "pca.npy", "tsne.npy",
         "tsne_snapshots.npy", "reconstruction.png", "latent_maps.png", "map.html"});
  } else if (study == "dense") {
    add({"originals.npy", "reconstructions.npy", "latent.npy", "digit.png", "reconstruction.png",
         "latent.png", "replicas.png"});
  } else if (study == "denoise") {
    add({"originals.npy", "noisy.npy", "denoised.npy", "denoise.png", "map.html"});
  } else if (study == "inpaint") {
    add({"originals.npy", "blanked.npy", "inpainted.npy", "patches.npy", "inpaint.png",
         "map.html"});
  } else if (study == "anomaly") {
    add({"errors_normal.npy", "errors_anomalous.npy", "unusual.npy", "anomaly.png", "map.html"});
  } else if (study == "features") {
    add({"digit.npy", "filters1.npy", "maps1.npy", "filters2.npy", "maps2.npy", "features.png"});
  }
  return names;
}

/// The study that an earlier run's metrics name; empty if they cannot be read.
std::string study_in(const fs::path& metrics) {
  try {
    return Json::parse(files::read_file(metrics)).at("study").get<std::string>();
  } catch (const std::exception&) {
    return "";
  }
}

}  // namespace

RunFolder::RunFolder(fs::path folder, std::string study)
    : path_(std::move(folder)), study_(std::move(study)) {
  std::error_code error;
  for (fs::path path = fs::absolute(path_); !fs::exists(path, error); path = path.parent_path()) {
    made_.folders.push_back(path);
  }
  fs::create_directories(path_, error);
  if (!fs::is_directory(path_, error)) {
    throw Error("--out " + path_.string() + ": cannot make this run folder (" +
                (error ? error.message() : "a file has its name") + "); choose another");
  }
  if (access(path_.c_str(), W_OK | X_OK) != 0) {
    throw Error("--out " + path_.string() + ": cannot write to this run folder; choose another");
  }
}

fs::path RunFolder::file(const std::string& name) {
  if (!std::exchange(cleared_, true)) {
    const std::string earlier = study_in(path_ / "metrics.json");
    remove_files_of(study_);
    if (!earlier.empty()) remove_files_of(earlier);
  }
  return path_ / name;
}

void RunFolder::remove_files_of(const std::string& study) {
  for (const std::string_view name : files_of(study)) {
    const fs::path file = path_ / name;
    const bool read = std::ranges::any_of(kept_, [&](const auto& k) { return same_file(k, file); });
    std::error_code ignored;
    if (!read && !fs::is_directory(file, ignored)) fs::remove(file, ignored);
  }
}

void RunFolder::refuse_to_overwrite(const std::string& option, const fs::path& file) {
  for (const std::string_view name : files_of(study_)) {
    if (!same_file(path_ / name, file)) continue;
    throw UsageError(option + " " + file.string() + ": the run writes a file of this name into " +
                     path_.string() + "; choose another folder with --out");
  }
  keep(file);
}

RunFolder::Made::~Made() {
  std::error_code ignored;
  for (const fs::path& folder : folders) fs::remove(folder, ignored);  // only if empty
}

}  // namespace hourglass::cli
