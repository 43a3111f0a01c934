// Figures are matplotlib's work: scripts/plot.py draws them from a finished run folder.
#pragma once

#include <filesystem>

namespace hourglass::cli {

/// Runs plot.py on the folder with $HOURGLASS_PYTHON, or else the first python3 that has
/// matplotlib; it prints the figures' names, unless `quiet`. Throws Error, naming the command to
/// type later, when none has matplotlib or the script fails.
void draw_figures(const std::filesystem::path& run_folder, bool quiet);

}  // namespace hourglass::cli
