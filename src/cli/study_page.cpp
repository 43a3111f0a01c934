#include "cli/study_page.hpp"

#include <algorithm>
#include <hourglass/neighbors.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>
#include <utility>

#include "cli/interrupt.hpp"
#include "cli/map_page.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {

void draw_page(Study& study, const Array<float>& images, const Array<float>& clean,
               PageLabels labels) {
  if (study.options().no_figures || images.rows() < 2) return;
  study.stage("page", [&] {
    const Samples codes = study.autoencoder().encode_on_device(images, interrupted);
    PcaMap pca = fit_transform_pca(codes, {.components = 2, .stop = interrupted});
    TsneOptions options{.perplexity = std::min(30.0, static_cast<double>(codes.rows() - 1)),
                        .iterations = 300,
                        .initial_map = initial_map(pca),
                        .snapshot_interval = kFilmInterval};
    watch(options, study.progress());
    NeighborGraph neighbors =
        nearest_neighbors(codes, neighbor_count(options.perplexity, codes.rows()), interrupted);
    TsneResult map = tsne(neighbors, options, study.device());
    save_run_page(study.file("map.html"),
                  {.metrics = study.save_metrics(),
                   .autoencoder = study.autoencoder(),
                   .images = images,
                   .clean = clean,
                   .labels = std::move(labels),
                   .maps = {{.name = "PCA", .points = std::move(pca.scores)},
                            {.name = "t-SNE", .points = std::move(map.map)}},
                   .codes = codes,
                   .neighbors = std::move(neighbors),
                   .snapshots = std::move(map.snapshots)},
                  study.progress());
  });
}

}  // namespace hourglass::cli
