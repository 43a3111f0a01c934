// run conv: the first article's study. MNIST through a convolutional bottleneck, and the latent
// space as a PCA map and a t-SNE map.
#include <algorithm>
#include <functional>
#include <hourglass/map_quality.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <span>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/map_page.hpp"
#include "cli/numbers.hpp"
#include "cli/study.hpp"
#include "cli/study_page.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {
namespace {

/// What the article claims in words, as figures: do the maps keep the digits apart?
void judge(Study& study, const Samples& codes, const NeighborGraph& neighbors, const Samples& pca,
           const Samples& tsne) {
  constexpr std::size_t kVoters = 10;
  constexpr std::size_t kTrusted = 12;
  constexpr std::size_t kRows = 5000;      // looked at: time grows with their square
  constexpr std::size_t kFewestRows = 50;  // with less there are no ten neighbours in a fold
  if (codes.rows() < kFewestRows) return;
  Json& quality = study.metrics("quality");
  study.stage("quality", [&] {
    const auto& labels = study.images().labels.values;
    study.progress().stage("judging the maps");
    quality["codes"]["accuracy10"] = label_accuracy(codes, labels, kVoters, neighbors, interrupted);
    MapQualityOptions options{.neighbors = kTrusted, .rows = kRows, .stop = interrupted};
    const auto first = std::span(labels).first(std::min(labels.size(), options.rows));
    const bool differ = std::ranges::adjacent_find(first, std::not_equal_to<>()) != first.end();
    if (differ) options.labels = labels;  // else there is nothing to tell apart
    const auto judge_map = [&](const Samples& map) {
      const MapQuality found = map_quality(codes, map, options);
      Json json{{"accuracy10", label_accuracy(map, labels, kVoters, interrupted)},
                {"trustworthiness", found.trustworthiness},
                {"continuity", found.continuity},
                {"neighbor_recall", found.neighbor_recall},
                {"distance_correlation", found.distance_correlation}};
      if (found.silhouette) json["silhouette"] = *found.silhouette;
      return json;
    };
    quality["pca"] = judge_map(pca);
    quality["tsne"] = judge_map(tsne);
  });
  const auto known = [&](const char* name) {
    return percent(quality[name]["accuracy10"].get<double>());
  };
  const auto trust = [&](const char* name) {
    return fixed(quality[name]["trustworthiness"].get<double>(), 3);
  };
  const auto divergence = study.metrics("tsne")["kl_divergence"].get<double>();
  study.progress().say("10 nearest neighbours know the digit: codes " + known("codes") +
                       ", PCA map " + known("pca") + ", t-SNE map " + known("tsne") +
                       "; trustworthiness: PCA " + trust("pca") + ", t-SNE " + trust("tsne") +
                       "; KL divergence of the t-SNE map " + fixed(divergence, 3));
}

/// The codes go to the device once, PCA is fitted once, and neighbours are searched once: what one
/// stage finds the next ones use.
void run_conv(const StudyOptions& options) {
  Study study("conv", conv_model(), options, "runs/conv");
  check_map_options(study, study.images().validation().count());
  study.train();
  study.reconstruct();
  const Samples codes = study.stage("encode", [&] {
    save_npy(study.file("labels.npy"), study.images().labels);
    return study.encode_validation();
  });
  const PcaMap pca = study.stage("pca", [&] {
    PcaMap map = fit_transform_pca(codes, {.components = 2, .stop = interrupted});
    save_npy(study.file("pca.npy"), map.scores);
    study.metrics("pca") = {{"explained_variance", map.model.explained_variance},
                            {"explained_variance_ratio", map.model.explained_variance_ratio},
                            {"singular_values", map.model.singular_values}};
    return map;
  });

  const CodeMap map = study.stage("tsne", [&] {
    CodeMap found = map_codes(study, codes, pca);
    save_npy(study.file("tsne.npy"), found.tsne.map);
    save_npy(study.file("tsne_snapshots.npy"), found.tsne.snapshots);
    Json& json = study.metrics("tsne") = to_json(found.tsne);
    json["options"] = found.options.to_json();
    json["perplexity"] = json["options"]["perplexity"];
    return found;
  });
  judge(study, codes, map.neighbors, Samples::view(pca.scores, study.device()),
        Samples::view(map.tsne.map, study.device()));
  if (!options.no_figures) {
    study.stage("page", [&] {
      save_page(study, study.images().validation(), {}, page_labels(study.images().labels.values),
                codes, pca, map);
    });
  }
  study.finish();
}

}  // namespace

void add_conv_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] = add_study(
      run, "conv", "MNIST through a convolutional bottleneck, and maps of its latent space",
      command_line);
  options->images.data.add_to(*command);
  options->tsne.add_shared_to(*command);
  command->callback([options = options] { run_conv(*options); });
}

}  // namespace hourglass::cli
