#include "device/control_groups.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace hourglass {
namespace {

namespace fs = std::filesystem;

bool lists(std::string_view names, std::string_view wanted) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    if (name == wanted) return true;
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  return false;
}

}  // namespace

std::vector<ControlGroup> control_groups(std::string_view controller, const fs::path& root) {
  fs::path group_v1;
  fs::path group_v2;
  std::ifstream groups(root / "proc/self/cgroup");  // number:controllers:/group
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const fs::path group = fs::path(line.substr(second + 1)).relative_path();
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) group_v2 = group;
    if (lists(controllers, controller)) group_v1 = group;
  }
  std::vector<ControlGroup> found;
  // Inside a container a group may be named as the host sees it; only the mount is there then.
  const auto add = [&](int version, const fs::path& mount, const fs::path& group) {
    for (fs::path level = group;; level = level.parent_path()) {
      found.push_back({version, mount / level});
      if (level.empty()) break;
    }
  };
  std::ifstream mounts(root / "proc/self/mounts");  // device mount-point type options ...
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device;
    std::string mount;
    std::string type;
    std::string options;
    words >> device >> mount >> type >> options;
    const fs::path folder = root / fs::path(mount).relative_path();
    if (type == "cgroup2") add(2, folder, group_v2);
    if (type == "cgroup" && lists(options, controller)) add(1, folder, group_v1);
  }
  return found;
}

}  // namespace hourglass
