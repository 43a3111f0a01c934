// t-SNE maps in two dimensions.
//
// L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008; gains, exaggeration
// and learning rate as in scikit-learn. Repulsion by one charge per point on a grid, in O(N log N):
// docs/numerics.md.
#pragma once

#include <cstdint>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <optional>
#include <vector>

namespace hourglass {

/// How finely the repulsion is resolved: a relative force error on a late map of about 4 %, 1 %, 0.4 %.
enum class TsneAccuracy { fast, standard, high };

enum class TsneInitialization { pca, random };

struct TsneProgress {
  std::size_t iteration;
  std::size_t iterations;
  double seconds;  ///< of the optimization so far
};

struct TsneOptions {
  double perplexity = 30.0;
  std::size_t iterations = 1000;
  std::optional<double> learning_rate = {};  ///< none: max(N / early_exaggeration / 4, 50)
  double early_exaggeration = 12.0;          ///< for the first 250 iterations
  TsneInitialization initialization = TsneInitialization::pca;
  std::optional<Array<float>> initial_map = {};  ///< (N, 2), used as it is
  std::uint64_t seed = 0;                        ///< of a random initialization
  TsneAccuracy accuracy = TsneAccuracy::standard;
  std::size_t divergence_interval =
      0;  ///< record the KL divergence every so many iterations; 0: never

  /// Called when a stage begins ("neighbours", "affinities", ...) ...
  std::function<void(const char*)> on_stage = {};
  /// ... and every few iterations. Returning false ends the optimization there.
  std::function<bool(const TsneProgress&)> on_progress = {};
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
  Array<float> map;            ///< (N, 2), centred
  double kl_divergence = 0.0;  ///< without exaggeration, normalised over all pairs
  std::size_t iterations = 0;
  std::size_t neighbors = 0;  ///< per point
  double learning_rate = 0.0;
  std::vector<DivergenceAt> history = {};
  TsneSeconds seconds = {};
};

/// For each of N points, its nearest others: row i holds them by increasing distance, ties by index.
struct NeighborGraph {
  Array<std::uint32_t> indices;  ///< (N, k), i itself left out
  Array<float> distances;        ///< (N, k), Euclidean
};

/// Exact nearest neighbours, Euclidean, in float32; memory O(N k). Throws Error unless 1 <= k < N and
/// all values are finite.
[[nodiscard]] NeighborGraph nearest_neighbors(const Array<float>& x, std::size_t k,
                                              const Device& device);

/// Rows of x are samples; what follows the first dimension is flattened. Throws Error for fewer than
/// two rows, values that are not finite, points that are all alike, a perplexity of N or more.
[[nodiscard]] TsneResult tsne(const Array<float>& x, const TsneOptions& options,
                              const Device& device);

/// The same from a precomputed graph, whose k takes the place of 3 perplexity. There is no data for
/// PCA: the initialization is random unless a map is given.
[[nodiscard]] TsneResult tsne(const NeighborGraph& graph, const TsneOptions& options,
                              const Device& device);

}  // namespace hourglass
