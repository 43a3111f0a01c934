// Maps of a study's codes, and the page that shows them.
#pragma once

#include <hourglass/array.hpp>
#include <hourglass/images.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/page.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/tsne.hpp>

#include "cli/study.hpp"

namespace hourglass::cli {

struct CodeMap {
  TsneCommandOptions options;  ///< what is in effect
  NeighborGraph neighbors;
  TsneResult tsne;
};

/// Before there are codes: whether there can be a map of so many as StudyOptions::tsne wants it.
void check_map_options(Study& study, std::size_t codes);

/// t-SNE of codes as StudyOptions::tsne wants it, without a word as the first article does it:
/// perplexity 30 and 300 iterations, from PCA's map.
[[nodiscard]] CodeMap map_codes(Study& study, const Samples& codes, const PcaMap& pca);

/// Both maps as map.html. `clean`: what reconstructions should be, if not the images.
void save_page(Study& study, const Images& images, const Array<float>& clean, PageLabels labels,
               const Samples& codes, const PcaMap& pca, const CodeMap& map);

/// All of it, for a study that makes no maps of its own. Nothing without figures, or of a single
/// image.
void draw_page(Study& study, const Array<float>& images, const Array<float>& clean,
               PageLabels labels);

}  // namespace hourglass::cli
