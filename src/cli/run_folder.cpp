#include "cli/run_folder.hpp"

#include <unistd.h>

#include <hourglass/error.hpp>
#include <system_error>

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

}  // namespace hourglass::cli
