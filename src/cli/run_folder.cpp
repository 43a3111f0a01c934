#include "cli/run_folder.hpp"

#include <unistd.h>

#include <hourglass/error.hpp>
#include <system_error>

#include "files/atomic_file.hpp"

namespace hourglass::cli {

std::filesystem::path make_run_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder)) {
    throw Error(folder.string() + ": cannot make this run folder: " +
                (error ? error.message() : "a file has its name"));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(folder.string() + ": cannot write to this run folder; choose another with --out");
  }
  return folder;
}

void check_output_file(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!std::filesystem::is_directory(folder)) {
    throw Error(file.string() + ": the folder " + folder.string() + " does not exist");
  }
  if (std::filesystem::is_directory(file)) {
    throw Error(file.string() + " is a folder; --out must name a file here");
  }
}

void save_json(const std::filesystem::path& file, const Json& json) {
  files::write_atomically(file, std::string_view(json.dump(2) + "\n"));
}

StageClock::Stage::~Stage() {
  clock.stages_[name] = std::chrono::duration<double>(Clock::now() - start).count();
}

Json StageClock::to_json() const {
  Json json = stages_;
  json["total"] = std::chrono::duration<double>(Clock::now() - start_).count();
  return json;
}

}  // namespace hourglass::cli
