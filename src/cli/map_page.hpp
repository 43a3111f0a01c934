// The page of a run: the maps of its codes, with all that belongs to them.
#pragma once

#include <filesystem>
#include <hourglass/autoencoder.hpp>
#include <hourglass/page.hpp>
#include <hourglass/samples.hpp>
#include <optional>
#include <span>

#include "cli/options.hpp"
#include "cli/progress.hpp"

namespace hourglass::cli {

/// A study's page plays its t-SNE map: a frame each so many iterations.
inline constexpr std::size_t kFilmInterval = 10;

/// What a run has in memory, or its folder in files.
struct RunMaps {
  Json metrics;  ///< as in metrics.json
  const Autoencoder& autoencoder;
  Images images;       ///< that were encoded
  Array<float> clean;  ///< that their reconstructions should be, if others
  PageLabels labels;
  std::vector<PageMap> maps;
  Samples codes;
  std::optional<NeighborGraph> neighbors{};  ///< of the codes, if they are known
  Array<float> snapshots{};
};

/// Saves the page and says so.
void save_run_page(const std::filesystem::path& file, RunMaps run, Progress& progress);

void save_page(const std::filesystem::path& file, const Page& page, Progress& progress);

/// 3 -> "3".
[[nodiscard]] PageLabels page_labels(std::span<const std::uint8_t> labels);

}  // namespace hourglass::cli
