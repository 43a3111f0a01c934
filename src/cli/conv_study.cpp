// run conv: the first article's study. MNIST through a convolutional bottleneck, and the latent space
// as a PCA map and a t-SNE map.
#include <algorithm>
#include <hourglass/map_quality.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/numbers.hpp"
#include "cli/study.hpp"
#include "cli/tsne_options.hpp"

namespace hourglass::cli {
namespace {

class ConvStudy {
 public:
  explicit ConvStudy(const StudyOptions& options)
      : study_("conv", conv_model(), options, "runs/conv") {}

  void run() {
    study_.load();
    study_.train();
    study_.reconstruct();
    encode();
    map_by_pca();
    map_by_tsne();
    judge();
    study_.finish();
  }

 private:
  void encode() {
    study_.stage("encode", [&] {
      latent_ = study_.encode_validation();
      save_npy(study_.file("labels.npy"), study_.images().labels);
    });
  }

  void map_by_pca() {
    study_.stage("pca", [&] {
      const PcaMap map = fit_transform_pca(latent_, {.components = 2}, study_.device());
      save_npy(study_.file("pca.npy"), map.scores);
      Json& pca = study_.metrics("pca");
      pca["explained_variance"] = map.model.explained_variance;
      pca["explained_variance_ratio"] = map.model.explained_variance_ratio;
      pca["singular_values"] = map.model.singular_values;
    });
  }

  /// As the first article does: perplexity 30, or what a smaller set allows, and 300 iterations.
  void map_by_tsne() {
    const std::size_t rows = latent_.rows();
    TsneOptions options;
    options.iterations = 300;
    options.perplexity = std::min(30.0, static_cast<double>(rows - 1));
    options.seed = study_.options().train.seed;
    watch(options, study_.progress());
    study_.stage("tsne", [&] {
      const TsneResult result = tsne(latent_, options, study_.device());
      save_npy(study_.file("tsne.npy"), result.map);
      Json& json = study_.metrics("tsne") = to_json(result);
      json["perplexity"] = options.perplexity;
    });
  }

  /// What the article claims in words, as figures: do the maps keep the digits apart?
  void judge() {
    constexpr std::size_t kVoters = 10;
    constexpr std::size_t kTrusted = 12;
    constexpr std::size_t kFewestRows = 50;  // with less there are no ten neighbours in a fold
    if (latent_.rows() < kFewestRows) return;
    Json& quality = study_.metrics("quality");
    study_.stage("quality", [&] {
      const auto& labels = study_.images().labels.values;
      const auto accuracy = [&](const Array<float>& x) {
        stop_if_interrupted();
        return label_accuracy(x, labels, kVoters, study_.device());
      };
      study_.progress().stage("judging the maps");
      quality["codes"]["accuracy10"] = accuracy(latent_);
      for (const std::string name : {"pca", "tsne"}) {
        const Array<float> map = load_npy(study_.file(name + ".npy"));
        quality[name]["accuracy10"] = accuracy(map);
        quality[name]["trustworthiness"] = trustworthiness(latent_, map, kTrusted, study_.device());
      }
    });
    const auto known = [&](const char* name) {
      return percent(quality[name]["accuracy10"].get<double>());
    };
    const auto trust = [&](const char* name) {
      return fixed(quality[name]["trustworthiness"].get<double>(), 3);
    };
    const auto divergence = study_.metrics("tsne")["kl_divergence"].get<double>();
    study_.progress().say("10 nearest neighbours know the digit: codes " + known("codes") +
                          ", PCA map " + known("pca") + ", t-SNE map " + known("tsne") +
                          "; trustworthiness: PCA " + trust("pca") + ", t-SNE " + trust("tsne") +
                          "; KL divergence of the t-SNE map " + fixed(divergence, 3));
  }

  Study study_;
  Array<float> latent_;
};

}  // namespace

void add_conv_study(CLI::App& run, const std::string& command_line) {
  const auto [command, options] = add_study(
      run, "conv", "MNIST through a convolutional bottleneck, and maps of its latent space",
      command_line);
  options->images.data.add_to(*command);
  command->callback([options = options] { ConvStudy(*options).run(); });
}

}  // namespace hourglass::cli
