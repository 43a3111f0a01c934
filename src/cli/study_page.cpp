#include "cli/study_page.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/interrupt.hpp"
#include "cli/map_page.hpp"
#include "cli/tsne_options.hpp"
#include "data/check.hpp"

namespace hourglass::cli {

void check_map_options(Study& study, std::size_t codes) {
  const TsneCommandOptions& options = study.options().tsne;
  options.check_start(options.make(), codes);
  for (const double perplexity : options.perplexity) require_perplexity(perplexity, codes);
  if (options.init.ends_with(".npy")) study.refuse_to_overwrite("--init", options.init);
}

CodeMap map_codes(Study& study, const Samples& codes, const PcaMap& pca) {
  TsneCommandOptions wanted = study.options().tsne;
  if (wanted.perplexity.empty()) {
    wanted.perplexity = {std::min(30.0, static_cast<double>(codes.rows() - 1))};
  }
  wanted.options.seed = study.options().train.seed;
  wanted.options.snapshot_interval = std::min(kFilmInterval, wanted.options.iterations);
  TsneOptions options = wanted.make();
  if (wanted.init == "pca") options.initial_map = initial_map(pca);
  watch(options, study.progress());
  const auto start = std::chrono::steady_clock::now();
  options.on_stage("neighbours");
  NeighborGraph neighbors = nearest_neighbors(
      codes, neighbor_count(std::ranges::max(wanted.perplexity), codes.rows()), interrupted);
  const std::chrono::duration<double> searched = std::chrono::steady_clock::now() - start;
  TsneResult tsne = hourglass::tsne(neighbors, options, study.device());
  tsne.seconds.neighbors = searched.count();
  return {std::move(wanted), std::move(neighbors), std::move(tsne)};
}

void save_page(Study& study, const Images& images, const Array<float>& clean, PageLabels labels,
               const Samples& codes, const PcaMap& pca, const CodeMap& map) {
  save_run_page(
      study.file("map.html"),
      {.metrics = study.save_metrics(),
       .autoencoder = study.autoencoder(),
       .images = images,
       .clean = clean,
       .labels = std::move(labels),
       .maps = {{.name = "PCA", .points = pca.scores}, {.name = "t-SNE", .points = map.tsne.map}},
       .codes = codes,
       .neighbors = map.neighbors,
       .snapshots = map.tsne.snapshots},
      study.progress());
}

namespace {

bool all_the_same(const ArrayView<float>& rows) {
  for (std::size_t i = 1; i < rows.rows(); ++i) {
    if (!std::ranges::equal(rows.row(0), rows.row(i))) return false;
  }
  return true;
}

}  // namespace

void draw_page(Study& study, const Array<float>& images, const Array<float>& clean,
               PageLabels labels) {
  if (study.options().no_figures || images.rows() < 2) return;
  study.stage("page", [&] {
    const Samples codes = study.autoencoder().encode_on_device(images, interrupted);
    if (all_the_same(codes.host())) {
      study.progress().say("the codes are all the same, so there is no map of them, and no page");
      return;
    }
    const PcaMap pca = fit_transform_pca(codes, {.components = 2, .stop = interrupted});
    save_page(study, images, clean, std::move(labels), codes, pca, map_codes(study, codes, pca));
  });
}

}  // namespace hourglass::cli
