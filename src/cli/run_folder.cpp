#include "cli/run_folder.hpp"

#include <unistd.h>

#include <hourglass/error.hpp>
#include <system_error>

#include "files/atomic_file.hpp"

namespace hourglass::cli {

namespace fs = std::filesystem;

RunFolder::RunFolder(fs::path folder) : path_(std::move(folder)) {
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

RunFolder::Made::~Made() {
  std::error_code ignored;
  for (const fs::path& folder : folders) fs::remove(folder, ignored);  // only if empty
}

void check_output_file(const fs::path& file) {
  const std::string name = "--out " + file.string();
  if (file.empty()) throw UsageError("--out is empty, expected a file name");
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw Error(name + ": " + folder.string() +
                (fs::exists(folder, ignored) ? " is not a folder" : " does not exist"));
  }
  if (fs::is_directory(file, ignored)) throw Error(name + " is a folder, expected a file name");
}

std::filesystem::path json_beside(const std::filesystem::path& file) {
  auto json = std::filesystem::path(file).replace_extension(".json");
  if (json == file) {
    throw UsageError("--out " + file.string() +
                     ": this name is for the .json beside the map; name the map .npy");
  }
  return json;
}

void save_json(const std::filesystem::path& file, const Json& json) {
  // File names may be any bytes, JSON may not.
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  files::write_atomically(file, std::string_view(text));
}

void StageClock::note(const std::string& name, Clock::time_point start) {
  stages_[name] = std::chrono::duration<double>(Clock::now() - start).count();
}

Json StageClock::to_json() const {
  Json json = stages_;
  json["total"] = std::chrono::duration<double>(Clock::now() - start_).count();
  return json;
}

}  // namespace hourglass::cli
