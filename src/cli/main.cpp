// The program: parses the command line, runs one command, turns exceptions into exit codes.
#include <algorithm>
#include <exception>
#include <hourglass/error.hpp>
#include <hourglass/version.hpp>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongCommandLine = 2;

int fail(int status, std::string message) {
  std::ranges::replace(message, '\n', ' ');  // one line, whatever a library says
  std::cerr << "hourglass: error: " << message << std::endl;
  return status;
}

std::string join(int argc, char** argv) {
  std::string line = "hourglass";
  for (int i = 1; i < argc; ++i) line += std::string(" ") + argv[i];
  return line;
}

/// CLI11's complaint in our words: what was found, what was expected, where to look.
std::string describe(const CLI::App& program, const CLI::ParseError& error) {
  const auto chosen = program.get_subcommands();
  const CLI::App& command = chosen.empty() ? program : *chosen.front();
  const std::string help =
      "; see hourglass " + (chosen.empty() ? "" : command.get_name() + " ") + "--help";
  const std::string text = error.what();

  const std::vector<std::string> left = program.remaining(true);
  if (chosen.empty() || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    if (left.empty()) return "no command given" + help;
    const char* what = left.front().starts_with('-') ? "unknown option"
                       : chosen.empty()              ? "unknown command"
                                                     : "unexpected argument";
    return std::string(what) + " '" + left.front() + "'" + help;
  }
  const std::string option = text.substr(0, text.find(':'));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const CLI::Option* known = command.get_option_no_throw(option);
    const bool repeated = known != nullptr && known->count() > 1;
    return option + (repeated ? " is given more than once" : " needs a value") + help;
  }
  return text + help;
}

int run(int argc, char** argv) {
  CLI::App program("Autoencoders and latent-space maps on GPUs (and, slower, on CPUs)",
                   "hourglass");
  program.set_version_flag("--version", "hourglass " HOURGLASS_VERSION);
  program.require_subcommand(1);
  hourglass::cli::add_study_commands(program, join(argc, argv));
  hourglass::cli::add_images_commands(program);
  hourglass::cli::add_pca_command(program);
  hourglass::cli::add_tsne_command(program);
  hourglass::cli::add_info_command(program);
  try {
    program.parse(argc, argv);  // runs the command
  } catch (const CLI::Success& request) {
    return program.exit(request);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return fail(kWrongCommandLine, describe(program, error));
  }
  if (!std::cout.flush()) return fail(kFailed, "cannot write to standard output");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  hourglass::cli::watch_for_interrupts();
  try {
    return run(argc, argv);
  } catch (const hourglass::UsageError& error) {
    return fail(kWrongCommandLine, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kFailed, "out of memory");
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}
