// New points in a finished t-SNE map.
#pragma once

#include <cstddef>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/metric.hpp>
#include <hourglass/placement_schedule.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>

namespace hourglass {

/// The defaults are openTSNE's, but for start_neighbors: its 25 (of which it finds 15) put points
/// between clusters (docs/numerics.md).
struct TransformOptions {
  double perplexity = 5.0;  ///< of each new row among the training rows
  /// A point starts at the median, in each direction, of so many nearest training rows' places.
  std::size_t start_neighbors = 5;
  Metric metric = Metric::euclidean;  ///< of both data: in_metric of each
  PlacementSchedule schedule = {};

  /// Called when a stage begins ("neighbours", "placement").
  std::function<void(const char*)> on_stage = {};
  StopRequest stop = {};
};

/// Places (fresh rows, D) for rows that were not there when the map (training rows, D) of training
/// was made, D 1 or 2. The map stays as it is: each point is drawn to the places of its 3
/// perplexity nearest training rows and repelled by the whole map, in steps as PlacementSchedule
/// has them. New points do not see each other: a row's place is the same to the bit whatever comes
/// with it. A row that equals a training row (for cosine and correlation: once both are of length
/// one) gets its place, of several the first one's, to the bit.
///
/// (P. G. Polichar, M. Strazar and B. Zupan, "Embedding to reference t-SNE space addresses batch
/// effects in single-cell classification", Machine Learning 112, 2023.) The repulsion is within
/// 0.2 % of the exact one: docs/numerics.md.
///
/// Throws Error where the map has not one or two values for each training row, fresh rows are not
/// as wide as training rows, values are not finite, fresh rows are out of all proportion (see
/// nearest_neighbors), and unless 1 <= perplexity <= 682 and 3 perplexity fits the training rows.
/// UsageError for an exaggeration, a rate, a momentum, a longest gradient or a number of neighbours
/// to start from that makes no sense.
[[nodiscard]] Array<float> tsne_transform(const Samples& training, const Array<float>& map,
                                          const Samples& fresh,
                                          const TransformOptions& options = {});

}  // namespace hourglass
