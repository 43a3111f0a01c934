#include "cli/output_file.hpp"

#include <hourglass/error.hpp>
#include <string_view>
#include <system_error>

#include "files/atomic_file.hpp"

namespace hourglass::cli {

namespace fs = std::filesystem;

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code ignored;  // where either is not there
  return fs::equivalent(a, b, ignored);
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

void check_not_read(const fs::path& file, const std::vector<std::optional<fs::path>>& inputs) {
  for (const auto& input : inputs) {
    if (!input || !same_file(file, *input)) continue;
    throw UsageError("--out would write " + file.string() + " over the input " + input->string() +
                     "; choose another name");
  }
}

fs::path json_beside(const fs::path& file) {
  auto json = fs::path(file).replace_extension(".json");
  if (json == file) {
    throw UsageError("--out " + file.string() +
                     ": this name is for the .json beside the map; name the map .npy");
  }
  return json;
}

void save_json(const fs::path& file, const Json& json) {
  // File names may be any bytes, JSON may not.
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  files::write_atomically(file, std::string_view(text));
}

}  // namespace hourglass::cli
