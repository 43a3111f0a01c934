// The subcommands. Each adds itself to the program and leaves behind what to do when it is chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace hourglass::cli {

void add_train_command(CLI::App& program, const std::string& command_line);
void add_images_commands(CLI::App& program);  // encode, decode, reconstruct
void add_pca_command(CLI::App& program);
void add_tsne_command(CLI::App& program);
void add_page_command(CLI::App& program);
void add_info_command(CLI::App& program);

// The studies: subcommands of `run`.
void add_conv_study(CLI::App& run, const std::string& command_line);
void add_dense_study(CLI::App& run, const std::string& command_line);
void add_denoise_study(CLI::App& run, const std::string& command_line);
void add_inpaint_study(CLI::App& run, const std::string& command_line);
void add_anomaly_study(CLI::App& run, const std::string& command_line);
void add_features_study(CLI::App& run, const std::string& command_line);

}  // namespace hourglass::cli
