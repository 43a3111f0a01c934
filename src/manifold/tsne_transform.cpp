#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/tsne_transform.hpp>
#include <string>
#include <vector>

#include "data/check.hpp"
#include "data/device_rows.hpp"
#include "device/range.hpp"
#include "files/messages.hpp"
#include "kernels/neighbors/limits.hpp"
#include "manifold/placement.hpp"
#include "manifold/square_scale.hpp"
#include "target/table.hpp"

namespace hourglass {
namespace {

void check_rows(const Samples& training, const Array<float>& map, const Samples& fresh) {
  require_rows(training.rows(), training.row_size(), "the training data of a transform");
  if (map.shape != Shape{training.rows(), 2} && map.shape != Shape{training.rows(), 1}) {
    std::string shape;
    for (const std::size_t extent : map.shape) {
      shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    }
    const std::string rows = std::to_string(training.rows());
    throw Error("the map has shape (" + shape + "); for the training data it must have (" + rows +
                ", 2) or (" + rows + ", 1)");
  }
  if (fresh.rows() == 0) throw Error("there are no new rows to place");
  if (fresh.row_size() != training.row_size()) {
    throw Error("the new rows have " + std::to_string(fresh.row_size()) +
                " values each, and the training data has " + std::to_string(training.row_size()));
  }
  require_finite(training, "the training data");
  require_finite(fresh, "the new rows");
  require_finite(map, "the map");
}

void check_options(const TransformOptions& options, std::size_t rows) {
  const std::size_t most = std::min(rows, kMaxNeighbors) / 3;
  if (!(options.perplexity >= 1.0) ||
      options.perplexity > static_cast<double>(std::max<std::size_t>(most, 1))) {
    throw Error("perplexity " + files::number_text(options.perplexity) + " does not fit " +
                std::to_string(rows) + " training rows; it must be from 1 to " +
                std::to_string(std::max<std::size_t>(most, 1)));
  }
  const PlacementSchedule& schedule = options.schedule;
  const auto positive = [](float value) { return value > 0.f && std::isfinite(value); };
  if (options.start_neighbors == 0) {
    throw UsageError("a new point must start from at least 1 neighbour");
  }
  if (!positive(schedule.exaggeration)) {
    throw UsageError("the exaggeration of a transform must be a positive number");
  }
  if (!positive(schedule.learning_rate)) {
    throw UsageError("the learning rate of a transform must be a positive number");
  }
  if (!(schedule.momentum >= 0.f && schedule.momentum < 1.f)) {
    throw UsageError("the momentum of a transform must be at least 0 and below 1");
  }
  if (!positive(schedule.longest_gradient)) {
    throw UsageError("the longest gradient of a transform must be a positive number");
  }
}

/// Of an even number the mean of the middle two.
float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return 0.5f * (*std::max_element(values.begin(), middle) + *middle);
}

/// Where new points are drawn to, and where they start from.
Placement prepare(const Array<float>& map, const NeighborGraph& graph,
                  const TransformOptions& options) {
  const std::size_t count = graph.indices.rows();
  const std::size_t found = graph.indices.row_size();
  const std::size_t k = std::min(static_cast<std::size_t>(3.0 * options.perplexity), found);
  const std::size_t starts = std::min(options.start_neighbors, found);
  Placement placement{.map = &map,
                      .squared_distances = Array<float>({count, k}),
                      .near_x = Array<float>({count, k}),
                      .near_y = Array<float>({count, k}),
                      .start = Array<float>({count, 2}),
                      .perplexity = options.perplexity,
                      .schedule = options.schedule};
#pragma omp parallel for
  for (std::size_t i = 0; i < count; ++i) {
    const auto near = graph.indices.row(i);
    // In a scale of the row's own, for squares that would leave the range of float.
    const auto distances = graph.distances.row(i).first(k);
    const float scale = scale_to_square({distances.begin(), distances.end()});
    for (std::size_t j = 0; j < k; ++j) {
      const float distance = scale * distances[j];
      placement.squared_distances.row(i)[j] = distance * distance;
      placement.near_x.row(i)[j] = map.row(near[j])[0];
      if (map.row_size() == 2) placement.near_y.row(i)[j] = map.row(near[j])[1];
    }
    std::vector<float> places(starts);
    for (std::size_t c = 0; c < map.row_size(); ++c) {
      for (std::size_t j = 0; j < starts; ++j) places[j] = map.row(near[j])[c];
      placement.start.row(i)[c] = median(places);
    }
  }
  return placement;
}

/// Rows that were there before are where they were.
void keep_known(const Samples& training, const Array<float>& map, const Samples& fresh,
                const NeighborGraph& graph, Array<float>& placed) {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> perhaps;  // the same: at no distance that single precision has
  for (std::uint32_t i = 0; i < placed.rows(); ++i) {
    for (std::size_t j = 0; j < graph.indices.row_size(); ++j) {
      if (graph.distances.row(i)[j] > 0.f) break;
      rows.push_back(i);
      perhaps.push_back(graph.indices.row(i)[j]);
    }
  }
  const auto equal =
      fresh.on_device().equal_rows(rows, training.on_device(), perhaps, training.row_size());
  for (std::size_t n = rows.size(); n-- > 0;) {  // of several the first comes last
    if (equal[n] != 0) std::ranges::copy(map.row(perhaps[n]), placed.row(rows[n]).begin());
  }
}

}  // namespace

Array<float> tsne_transform(const Samples& given, const Array<float>& map, const Samples& asked,
                            const TransformOptions& options) {
  const Range range("t-SNE transform");
  check_rows(given, map, asked);
  const Samples training = in_metric(given, options.metric);
  // By the training rows' device: what is equal must be so in any metric.
  const Samples fresh = in_metric(asked.on(given.device()), options.metric);
  check_options(options, training.rows());
  const auto stage = [&](const char* name) {
    stop_if_requested(options.stop);
    if (options.on_stage) options.on_stage(name);
  };
  stage("neighbours");
  const std::size_t wanted =
      std::max(static_cast<std::size_t>(3.0 * options.perplexity), options.start_neighbors);
  const NeighborGraph graph =
      nearest_neighbors(training, fresh, std::min(wanted, training.rows()), options.stop);
  stage("placement");
  Array<float> placed =
      target_of(training.device())
          .place_points(training.device().index, prepare(map, graph, options), options.stop);
  keep_known(training, map, fresh, graph, placed);
  return placed;
}

}  // namespace hourglass
