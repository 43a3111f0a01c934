// The subcommands. Each adds itself to the program and leaves behind what to do when it is chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace hourglass::cli {

void add_study_commands(CLI::App& program, const std::string& command_line);  // run, train
void add_images_commands(CLI::App& program);                                  // encode, ...
void add_pca_command(CLI::App& program);
void add_tsne_command(CLI::App& program);
void add_info_command(CLI::App& program);

}  // namespace hourglass::cli
