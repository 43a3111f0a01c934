#include "cli/figures.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

extern char** environ;

namespace hourglass::cli {
namespace {

constexpr int kNoMatplotlib = 3;  // plot.py's exit status for a Python without its libraries
constexpr int kNotFound = 127;

/// Beside an installed program, else in the source tree this one was built from.
std::filesystem::path plot_script() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path().parent_path() / "share/hourglass/plot.py";
  return !error && std::filesystem::exists(installed) ? installed : HOURGLASS_PLOT_SCRIPT;
}

/// Exit status of a program, found along PATH.
int run(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
    return kNotFound;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

void draw_figures(const std::filesystem::path& run_folder) {
  const std::string script = plot_script().string();
  const std::string later = "; later: python3 " + script + " " + run_folder.string();
  if (!std::filesystem::exists(script)) throw Error(script + " is missing, figures not drawn");
  std::vector<std::string> pythons{"python3", "/usr/bin/python3"};
  if (const char* chosen = std::getenv("HOURGLASS_PYTHON")) pythons = {chosen};
  for (const std::string& python : pythons) {
    const int status = run({python, script, run_folder.string()});
    if (status == 0) return;
    if (status != kNoMatplotlib && status != kNotFound) {
      throw Error("drawing the figures failed" + later);
    }
  }
  throw Error("the figures were not drawn: no Python with matplotlib and numpy found" + later);
}

}  // namespace hourglass::cli
