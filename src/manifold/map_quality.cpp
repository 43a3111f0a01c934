#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/neighbors.hpp>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "data/check.hpp"
#include "device/range.hpp"
#include "kernels/data/philox.hpp"
#include "kernels/data/random_stream.hpp"
#include "kernels/neighbors/limits.hpp"
#include "manifold/double_order.hpp"
#include "target/table.hpp"

namespace hourglass {
namespace {

// ---- what can be judged ------------------------------------------------------------------------

void check(const Samples& x, const Samples& map, std::size_t rows,
           const MapQualityOptions& options) {
  if (map.rows() != x.rows()) {
    throw Error("map quality: the map has " + std::to_string(map.rows()) +
                " rows, and what it maps has " + std::to_string(x.rows()));
  }
  const std::size_t k = options.neighbors;
  if (k == 0 || 2 * k >= rows || k + 1 > kMaxNeighbors) {
    throw Error("map quality: " + std::to_string(k) + " neighbours of each of " +
                std::to_string(rows) + " rows do not fit; fewer than half of the rows do, up to " +
                std::to_string(kMaxNeighbors - 1));
  }
  if (options.pairs == 0) throw Error("map quality: there must be at least 1 pair of rows");
  if (!options.labels.empty() && options.labels.size() != x.rows()) {
    throw Error("map quality: there are " + std::to_string(x.rows()) + " rows, but " +
                std::to_string(options.labels.size()) + " labels");
  }
  for (const auto& [samples, what] :
       {std::pair{&x, "map quality: data"}, std::pair{&map, "map quality: map"}}) {
    const std::string why = "none is nearer than another";
    if (samples->on_host_alone()) {  // only rows that are looked at need go to the device
      require_finite(samples->host(), what);
      require_distinct_rows(samples->host(), what, why);
    } else {
      require_finite(*samples, what);
      require_distinct_rows(*samples, what, why);
    }
  }
}

// ---- neighbours --------------------------------------------------------------------------------

/// (rows, k), in double precision's order.
Array<std::uint32_t> nearest_in_order(const Samples& x, std::size_t k, const StopRequest& stop) {
  const std::size_t wanted = std::min({k + kMargin, x.rows() - 1, kMaxNeighbors});
  const NeighborGraph graph = nearest_neighbors(x, wanted, stop);
  Array<std::uint32_t> neighbors({x.rows(), k});
  const ArrayView<float>& on_host = x.host();  // fetched by one thread
#pragma omp parallel for
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const auto nearest = nearest_of(on_host, row, graph.indices.row(row), k);
    for (std::size_t i = 0; i < k; ++i) neighbors.row(row)[i] = nearest[i].second;
  }
  return neighbors;
}

/// neighbor_ranks of a map: few values a row, so distances themselves, and in double.
Array<std::uint32_t> ranks_in_map(const ArrayView<float>& map,
                                  const Array<std::uint32_t>& neighbors, const StopRequest& stop) {
  const std::size_t rows = map.rows();
  Array<std::uint32_t> ranks(neighbors.shape);
  std::vector<std::vector<double>> columns(map.row_size(), std::vector<double>(rows));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c][i] = map.row(i)[c];
  }
  constexpr std::size_t kPiece = 1024;
  for (std::size_t first = 0; first < rows; first += kPiece) {
    stop_if_requested(stop);
    const std::size_t last = std::min(first + kPiece, rows);
#pragma omp parallel
    {
      std::vector<double> squared(rows);
#pragma omp for
      for (std::size_t row = first; row < last; ++row) {
        std::ranges::fill(squared, 0.0);
        for (const auto& column : columns) {
          for (std::size_t j = 0; j < rows; ++j) {
            const double difference = column[row] - column[j];
            squared[j] += difference * difference;
          }
        }
        squared[row] = std::numeric_limits<double>::infinity();  // no neighbour of itself
        for (std::size_t i = 0; i < neighbors.row_size(); ++i) {
          const std::size_t neighbor = neighbors.row(row)[i];
          const double own = squared[neighbor];
          std::uint64_t before = 0;
          for (std::size_t j = 0; j < rows; ++j) {
            before += (squared[j] < own) | ((squared[j] == own) & (j < neighbor));
          }
          ranks.row(row)[i] = static_cast<std::uint32_t>(before) + 1;
        }
      }
    }
  }
  return ranks;
}

/// Of each row: 1, less for each neighbour by how far beyond the k-th it stands.
std::vector<double> kept_in_order(const Array<std::uint32_t>& ranks) {
  const std::size_t k = ranks.row_size();
  const auto n = static_cast<double>(ranks.rows());
  const auto kd = static_cast<double>(k);
  std::vector<double> kept(ranks.rows());
  for (std::size_t row = 0; row < ranks.rows(); ++row) {
    std::uint64_t missed = 0;
    for (const std::uint32_t rank : ranks.row(row)) missed += rank > k ? rank - k : 0;
    kept[row] = 1.0 - static_cast<double>(missed) * 2.0 / (kd * (2.0 * n - 3.0 * kd - 1.0));
  }
  return kept;
}

std::vector<double> recalled(const Array<std::uint32_t>& wanted,
                             const Array<std::uint32_t>& found) {
  std::vector<double> shares(wanted.rows());
  for (std::size_t row = 0; row < wanted.rows(); ++row) {
    std::size_t kept = 0;
    for (const std::uint32_t neighbor : wanted.row(row)) {
      kept += std::ranges::count(found.row(row), neighbor) > 0 ? 1 : 0;
    }
    shares[row] = static_cast<double>(kept) / static_cast<double>(wanted.row_size());
  }
  return shares;
}

// ---- distances ---------------------------------------------------------------------------------

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// All pairs, or some with repetition: pair n is number n of the seed's stream.
Pairs pairs_of(std::size_t rows, std::size_t most, std::uint64_t seed) {
  Pairs pairs;
  if (rows * (rows - 1) / 2 <= most) {
    for (std::uint32_t i = 1; i < rows; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) pairs.emplace_back(i, j);
    }
    return pairs;
  }
  const Philox random{seed};
  const auto below = [](std::uint32_t bits, std::size_t count) {
    return static_cast<std::uint32_t>(std::uint64_t{bits} * count >> 32U);
  };
  pairs.reserve(most);
  for (std::size_t n = 0; n < most; ++n) {
    const PhiloxBlock bits = random(n, stream_number(RandomStream::map_pairs));
    const std::uint32_t i = below(bits[0], rows);
    const std::uint32_t j = below(bits[1], rows - 1);
    pairs.emplace_back(i, j < i ? j : j + 1);
  }
  return pairs;
}

/// Ranks of the distances, from 0; those that are equal share their mean.
std::vector<double> distance_ranks(const ArrayView<float>& x, const Pairs& pairs) {
  std::vector<double> squared(pairs.size());
#pragma omp parallel for
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    squared[n] = squared_distance(x.row(pairs[n].first), x.row(pairs[n].second));
  }
  std::vector<std::uint32_t> order(pairs.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t n) { return squared[n]; });
  std::vector<double> ranks(pairs.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && squared[order[last]] == squared[order[first]]) ++last;
    const double shared = 0.5 * static_cast<double>(first + last - 1);
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = shared;
    first = last;
  }
  return ranks;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double middle = 0.5 * static_cast<double>(a.size() - 1);  // of ranks, ties or not
  double both = 0.0;
  double of_a = 0.0;
  double of_b = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - middle) * (b[i] - middle);
    of_a += (a[i] - middle) * (a[i] - middle);
    of_b += (b[i] - middle) * (b[i] - middle);
  }
  return of_a > 0.0 && of_b > 0.0 ? both / std::sqrt(of_a * of_b) : 0.0;
}

// ---- silhouettes -------------------------------------------------------------------------------

/// Rows in the order of their labels: those of one label lie together.
struct ByLabel {
  ByLabel(const ArrayView<float>& map, std::span<const std::uint8_t> labels) : order(map.rows()) {
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t row) { return labels[row]; });
    columns.resize(map.row_size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      for (const std::uint32_t row : order) columns[c].push_back(map.row(row)[c]);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i == 0 || labels[order[i]] != labels[order[i - 1]]) first.push_back(i);
    }
    first.push_back(order.size());
  }
  [[nodiscard]] std::size_t clusters() const { return first.size() - 1; }

  std::vector<std::uint32_t> order;
  std::vector<std::vector<double>> columns;
  std::vector<std::size_t> first;  ///< of each label that there is, and the end
};

double silhouette_of(const ByLabel& rows, std::size_t own, std::size_t place,
                     std::vector<double>& distances) {
  std::ranges::fill(distances, 0.0);
  for (const auto& column : rows.columns) {
    for (std::size_t j = 0; j < distances.size(); ++j) {
      const double difference = column[place] - column[j];
      distances[j] += difference * difference;
    }
  }
  for (double& distance : distances) distance = std::sqrt(distance);
  double within = 0.0;
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < rows.clusters(); ++c) {
    const auto begin = distances.begin();
    const auto size = static_cast<double>(rows.first[c + 1] - rows.first[c]);
    const double sum = std::accumulate(begin + static_cast<std::ptrdiff_t>(rows.first[c]),
                                       begin + static_cast<std::ptrdiff_t>(rows.first[c + 1]), 0.0);
    if (c != own) {
      nearest = std::min(nearest, sum / size);
    } else if (size > 1.0) {
      within = sum / (size - 1.0);
    } else {
      return 0.0;  // alone
    }
  }
  const double larger = std::max(within, nearest);
  return larger > 0.0 ? (nearest - within) / larger : 0.0;
}

std::vector<double> silhouettes(const ArrayView<float>& map, std::span<const std::uint8_t> labels,
                                const StopRequest& stop) {
  const ByLabel rows(map, labels);
  if (rows.clusters() < 2 || rows.clusters() >= map.rows()) {
    throw Error("map quality: silhouettes want from 2 to rows - 1 different labels, and " +
                std::to_string(map.rows()) + " rows have " + std::to_string(rows.clusters()));
  }
  std::vector<double> result(map.rows());
  for (std::size_t c = 0; c < rows.clusters(); ++c) {
    stop_if_requested(stop);
#pragma omp parallel
    {
      std::vector<double> distances(map.rows());
#pragma omp for
      for (std::size_t place = rows.first[c]; place < rows.first[c + 1]; ++place) {
        result[rows.order[place]] = silhouette_of(rows, c, place, distances);
      }
    }
  }
  return result;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

MapQuality map_quality(const Samples& given, const Samples& given_map,
                       const MapQualityOptions& options) {
  const Range range("map quality");
  const std::size_t rows = std::min(given.rows(), options.rows);
  check(given, given_map, rows, options);
  const Samples x = given.first(rows);
  const Samples map = given_map.first(rows);
  const auto near_in_x = nearest_in_order(x, options.neighbors, options.stop);
  const auto near_in_map = nearest_in_order(map, options.neighbors, options.stop);
  RowQuality of_rows;
  of_rows.trustworthiness =
      kept_in_order(target_of(x.device()).neighbor_ranks(x, near_in_map, options.stop));
  of_rows.continuity = kept_in_order(ranks_in_map(map.host(), near_in_x, options.stop));
  of_rows.neighbor_recall = recalled(near_in_x, near_in_map);
  stop_if_requested(options.stop);
  const Pairs pairs = pairs_of(rows, options.pairs, options.seed);
  MapQuality quality{.trustworthiness = mean(of_rows.trustworthiness),
                     .continuity = mean(of_rows.continuity),
                     .neighbor_recall = mean(of_rows.neighbor_recall),
                     .distance_correlation = correlation(distance_ranks(x.host(), pairs),
                                                         distance_ranks(map.host(), pairs)),
                     .silhouette = {},
                     .rows = rows,
                     .pairs = pairs.size(),
                     .of_rows = {}};
  if (!options.labels.empty()) {
    of_rows.silhouette = silhouettes(map.host(), options.labels.first(rows), options.stop);
    quality.silhouette = mean(of_rows.silhouette);
  }
  if (options.per_row) quality.of_rows = std::move(of_rows);
  return quality;
}

}  // namespace hourglass
