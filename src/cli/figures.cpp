#include "cli/figures.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "cli/interrupt.hpp"

namespace hourglass::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kNoLibraries = 3;  // plot.py says so
constexpr int kNotFound = 127;   // as shells do

/// Beside an installed program, else in the source tree this one was built from.
std::filesystem::path plot_script() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path().parent_path() / "share/hourglass/plot.py";
  return !error && std::filesystem::exists(installed) ? installed : HOURGLASS_PLOT_SCRIPT;
}

/// The exit status of a program found along PATH. What it has to complain goes nowhere: an error of
/// ours is one line.
int run(std::vector<std::string> command, bool quiet) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    if (stream == STDOUT_FILENO && !quiet) continue;
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  }
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return kNotFound;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  stop_if_interrupted();
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

}  // namespace

void draw_figures(const std::filesystem::path& run_folder, bool quiet) {
  const std::string script = plot_script().string();
  const std::string folder = run_folder.string();
  if (!std::filesystem::exists(script)) throw Error(script + " is missing, figures not drawn");
  std::vector<std::string> pythons{"python3", "/usr/bin/python3"};
  if (const char* chosen = std::getenv("HOURGLASS_PYTHON")) pythons = {chosen};
  const auto by_hand = [&](const std::string& python) {
    std::string line = python;
    return line.append(" ").append(script).append(" ").append(folder);
  };
  for (const std::string& python : pythons) {
    const int status = run({python, script, folder}, quiet);
    if (status == kNoLibraries || status == kNotFound) continue;
    if (status == 0) return;
    throw Error("drawing the figures failed; to see why: " + by_hand(python));
  }
  throw Error(pythons[0] + " has no matplotlib and numpy, figures not drawn; install them, then: " +
              by_hand(pythons[0]));
}

}  // namespace hourglass::cli
