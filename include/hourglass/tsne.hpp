// t-SNE maps in two dimensions, in one, or in three.
//
// L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008; gains,
// exaggeration and learning rate as in scikit-learn. Repulsion by one charge per point on a grid,
// in O(N log N): docs/numerics.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <hourglass/metric.hpp>
#include <hourglass/names.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <hourglass/tsne_schedule.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace hourglass {

/// How finely the repulsion is resolved: a relative force error on a late map of about 3 %, 0.7 %,
/// 0.25 %.
enum class TsneAccuracy { fast, standard, high };
template <>
inline constexpr std::array<std::string_view, 3> kNames<TsneAccuracy> = {"fast", "default", "high"};

enum class TsneInitialization { pca, random };

struct TsneProgress {
  std::size_t iteration;
  std::size_t iterations;
  double seconds;  ///< of the optimization so far
  /// The map as it stands, centred: fetched from the device if this is called, during the callback.
  std::function<Array<float>()> map;
  /// Where TsneOptions::divergence_interval has it worked out.
  std::optional<double> kl_divergence = {};
};

/// What ended the iterations.
enum class TsneStop {
  iterations,   ///< there were no more
  flat,         ///< TsneOptions::flat_tolerance
  time_limit,   ///< TsneOptions::time_limit
  interrupted,  ///< TsneOptions::stop, with keep_interrupted
};
template <>
inline constexpr std::array<std::string_view, 4> kNames<TsneStop> = {"iterations", "flat",
                                                                     "time limit", "interrupted"};

struct TsneOptions {
  std::size_t components = 2;  ///< dimensions D of the map: 1, 2 or 3
  double perplexity = 30.0;
  /// Several scales in place of `perplexity`: affinities are averaged over them, each worked out on
  /// the neighbours of the largest (openTSNE's Multiscale).
  std::vector<double> perplexities = {};
  /// Of the data: the map is that of in_metric(x, metric). A graph's distances are as they are.
  Metric metric = Metric::euclidean;
  std::size_t iterations = 1000;
  TsneSchedule schedule = {};
  /// Of the map's kernel, as in openTSNE: a pair at distance d is as near as (1 + d^2 / dof)^-dof.
  /// Below 1 its tails are heavier and clusters fall into finer ones (D. Kobak, G. Linderman,
  /// S. Steinerberger, Y. Kluger and P. Berens, "Heavy-tailed kernels reveal a finer cluster
  /// structure in t-SNE visualisations", ECML PKDD 2019). From 0.1 to 1000, which is all but a
  /// normal distribution.
  double dof = 1.0;
  TsneInitialization initialization = TsneInitialization::pca;
  std::optional<Array<float>> initial_map = {};  ///< (N, D), used as it is
  std::uint64_t seed = 0;                        ///< of a random initialization
  TsneAccuracy accuracy = TsneAccuracy::standard;
  /// Record the KL divergence every so many iterations; 0: never.
  std::size_t divergence_interval = 0;
  /// Keep the map every so many iterations, the first and the last besides; 0: not.
  std::size_t snapshot_interval = 0;

  /// Stop where the iterations that are left would change the KL divergence by less than this, as
  /// its slope has it, which is an estimate (docs/numerics.md); 0: never. Looked at every 50
  /// iterations, of which 150 must lie behind the early phase.
  double flat_tolerance = 0.0;
  /// Seconds after the beginning of the call from which on no iteration begins, but for the first
  /// few; 0: no limit. What comes before the iterations, and the last divergence, is never cut
  /// short.
  double time_limit = 0.0;

  /// Called when a stage begins ("neighbours", "affinities", ...) ...
  std::function<void(const char*)> on_stage = {};
  /// ... and every few iterations.
  std::function<void(const TsneProgress&)> on_progress = {};
  StopRequest stop = {};
  /// Where `stop` ends the iterations: return the map as it stands, not throw Stopped.
  bool keep_interrupted = false;
};

struct TsneSeconds {
  double neighbors = 0.0;
  double affinities = 0.0;
  double initialization = 0.0;
  double optimization = 0.0;
  double divergence = 0.0;
};

struct DivergenceAt {
  std::size_t iteration;
  double kl_divergence;
};

struct TsneResult {
  Array<float> map;            ///< (N, D), centred
  double kl_divergence = 0.0;  ///< without exaggeration, normalised over all pairs
  std::size_t iterations = 0;  ///< done
  TsneStop stopped = TsneStop::iterations;
  std::size_t neighbors = 0;  ///< per point
  double learning_rate = 0.0;
  std::size_t overflows = 0;  ///< times the map outgrew its grid, and stood still for a moment
  /// Iterations whose repulsion came from a grid; that of the others was summed over all pairs, as
  /// it is of few points, and in three dimensions of wide maps (docs/numerics.md).
  std::size_t grid_iterations = 0;
  std::vector<DivergenceAt> history = {};
  Array<float> snapshots = {};  ///< (frames, N, D), each centred; empty unless asked for
  std::vector<std::size_t> snapshot_iterations = {};  ///< that each frame comes after
  TsneSeconds seconds = {};
};

/// Throws Error for fewer than two rows, values that are not finite, rows that are all the same or
/// have no direction for the metric, an initial map of another shape, with values that are not
/// finite or with all points in one place, a map that grows without bound, unless
/// 1 <= perplexity < N and perplexity <= 682, each, and before any work where the affinities alone
/// need more memory than is free. UsageError for options that make no sense, or
/// none together.
[[nodiscard]] TsneResult tsne(const Samples& x, const TsneOptions& options);

/// The same from a precomputed graph, whose k takes the place of 3 perplexity (perplexity <= k).
/// There is no data for PCA: the initialization is random unless a map is given. Throws Error for
/// lists with the row itself, a row twice, or distances that decrease or are not finite, too.
[[nodiscard]] TsneResult tsne(const NeighborGraph& graph, const TsneOptions& options,
                              const Device& device);

/// The same from distances that are known, of which each row's nearest are taken, as many as tsne()
/// looks for: that is part of the call, of its time and of what `stop` ends. Throws Error for what
/// nearest_neighbors() and nearest_of_distances() refuse, too.
[[nodiscard]] TsneResult tsne(const SparseDistances& distances, const TsneOptions& options,
                              const Device& device);
[[nodiscard]] TsneResult tsne_of_distances(const ArrayView<float>& distances,
                                           const TsneOptions& options, const Device& device);

/// Neighbours that tsne() looks for: 3 perplexity, or all others.
[[nodiscard]] std::size_t neighbor_count(double perplexity, std::size_t rows);

/// The map that tsne() starts from, of the first components: their scores brought to a standard
/// deviation of 1e-4 along the first.
[[nodiscard]] Array<float> initial_map(const PcaMap& pca, std::size_t components = 2);

}  // namespace hourglass
