// The program: parses the command line, runs one command, turns exceptions into exit codes.
#include <algorithm>
#include <exception>
#include <hourglass/error.hpp>
#include <hourglass/stop.hpp>
#include <hourglass/version.hpp>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/library_environment.hpp"

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

/// The innermost command that the line got to: the program, `train`, or `run conv`.
const CLI::App& innermost(const CLI::App& program) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

/// CLI11's complaint in our words: what was found, what was expected, where to look.
std::string describe(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App& command = innermost(program);
  const std::string kind = command.get_name() == "run" ? "study" : "command";
  const bool undecided = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  std::string help = "--help";
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    help.insert(0, app->get_name() + " ");
  }
  help.insert(0, "; see ");
  const std::string text = error.what();

  const std::vector<std::string> left = program.remaining(true);
  if (undecided || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    if (left.empty()) return "no " + kind + " given" + help;
    const std::string what = left.front().starts_with('-') ? "unknown option"
                             : undecided                   ? "unknown " + kind
                                                           : "unexpected argument";
    return what + " '" + left.front() + "'" + help;
  }
  const std::string option = text.substr(0, text.find(':'));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const CLI::Option* known = command.get_option_no_throw(option);
    const bool repeated = known != nullptr && known->count() > 1;
    return option + (repeated ? " is given more than once" : " needs a value") + help;
  }
  return text + help;
}

void add_commands(CLI::App& program, const std::string& command_line) {
  using namespace hourglass::cli;
  CLI::App& run = *program.add_subcommand("run", "a whole study: train, look, draw");
  run.require_subcommand(1);
  add_conv_study(run, command_line);
  add_dense_study(run, command_line);
  add_denoise_study(run, command_line);
  add_inpaint_study(run, command_line);
  add_anomaly_study(run, command_line);
  add_features_study(run, command_line);
  add_train_command(program, command_line);
  add_images_commands(program);
  add_pca_command(program);
  add_tsne_command(program);
  add_page_command(program);
  add_info_command(program);
}

int run(int argc, char** argv) {
  CLI::App program("Autoencoders and latent-space maps on GPUs (and, slower, on CPUs)",
                   "hourglass");
  program.set_version_flag("--version", "hourglass " HOURGLASS_VERSION);
  program.get_formatter()->label("ENUM", "NAME");
  program.require_subcommand(1);
  add_commands(program, join(argc, argv));
  // Between the line, which may be wrong or ask for help, and its command.
  program.parse_complete_callback([argv] {
#if HOURGLASS_HAS_CPU
    hourglass::cli::suit_libraries(argv);  // may start it all anew
#endif
    hourglass::cli::watch_for_interrupts();
  });
  try {
    program.parse(argc, argv);  // runs the command
  } catch (const CLI::Success& request) {
    static_cast<void>(program.exit(request));  // --help, --version
  } catch (const CLI::ParseError& error) {
    return fail(kWrongCommandLine, describe(program, error));
  }
  if (!std::cout.flush()) return fail(kFailed, "cannot write to standard output");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const hourglass::Stopped& stopped) {
    const std::string message = stopped.what();
    return fail(kFailed, message.starts_with("interrupted") ? message : "interrupted");
  } catch (const hourglass::UsageError& error) {
    return fail(kWrongCommandLine, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kFailed, "out of memory");
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}
