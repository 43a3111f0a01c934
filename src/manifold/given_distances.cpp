// Neighbours by distances that somebody else has measured.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <hourglass/neighbors.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hourglass {
namespace {

/// By distance, then by index.
using Entry = std::pair<float, std::uint32_t>;

std::string text_of(float value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string place_of(std::size_t row, std::size_t column) {
  return "row " + std::to_string(row) + ", column " + std::to_string(column);
}

bool is_distance(float value) {
  return std::isfinite(value) && value >= 0.f;
}

/// The k nearest of a row's entries, of which there are at least so many.
void take_nearest(std::vector<Entry>& entries, std::size_t row, NeighborGraph& graph) {
  const std::size_t k = graph.indices.row_size();
  std::ranges::partial_sort(entries, entries.begin() + static_cast<std::ptrdiff_t>(k));
  for (std::size_t i = 0; i < k; ++i) {
    graph.distances.row(row)[i] = entries[i].first;
    graph.indices.row(row)[i] = entries[i].second;
  }
}

NeighborGraph empty_graph(std::size_t rows, std::size_t k) {
  return {.indices = Array<std::uint32_t>({rows, k}), .distances = Array<float>({rows, k})};
}

void require_neighbors(std::size_t rows, std::size_t k, const std::string& what) {
  if (rows < 2) throw Error(what + ": there must be at least 2 rows");
  if (k == 0 || k >= rows) {
    throw Error(what + ": " + std::to_string(k) + " neighbours of each of " + std::to_string(rows) +
                " rows do not fit; 1 to rows - 1 do");
  }
}

// ---- of some pairs -----------------------------------------------------------------------------

void check_offsets(const SparseDistances& given) {
  const std::size_t entries = given.columns.size();
  const auto& offsets = given.offsets.values;
  if (given.offsets.shape.size() != 1 || given.columns.shape.size() != 1 ||
      given.distances.shape != given.columns.shape) {
    throw Error(
        "sparse distances: offsets, columns and distances must be three flat lists, the "
        "last two of the same length");
  }
  if (offsets.size() < 3) throw Error("sparse distances: there must be at least 2 rows");
  if (offsets.front() != 0 || offsets.back() != entries || !std::ranges::is_sorted(offsets)) {
    throw Error("sparse distances: offsets must rise from 0 to the number of entries, " +
                std::to_string(entries));
  }
}

/// A row's entries, once each has been looked at.
std::vector<Entry> entries_of(const SparseDistances& given, std::size_t row,
                              std::vector<std::size_t>& seen_in) {
  const std::size_t rows = seen_in.size();
  std::vector<Entry> entries;
  for (std::size_t e = given.offsets.values[row]; e < given.offsets.values[row + 1]; ++e) {
    const std::uint32_t column = given.columns.values[e];
    const float distance = given.distances.values[e];
    const std::string place = "sparse distances: " + place_of(row, column);
    if (column >= rows) {
      throw Error(place + " is beyond the last of " + std::to_string(rows) + " rows");
    }
    if (column == row) throw Error(place + " is the row itself; leave it out");
    if (seen_in[column] == row) throw Error(place + " is there twice; each pair may come once");
    if (!is_distance(distance)) {
      throw Error(place + " is " + text_of(distance) + ", not a finite distance, positive or 0");
    }
    seen_in[column] = row;
    entries.emplace_back(distance, column);
  }
  return entries;
}

// ---- of all pairs ------------------------------------------------------------------------------

void check_matrix(const ArrayView<float>& distances, const StopRequest& stop) {
  constexpr float kRounding = 1e-5f;
  const std::string what = "distance matrix: ";
  if (distances.shape.size() != 2 || distances.shape[0] != distances.shape[1]) {
    std::string shape;
    for (const std::size_t extent : distances.shape) {
      shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    }
    throw Error(what + "its shape is (" + shape +
                "); it must have a row and a column for each row");
  }
  for (std::size_t i = 0; i < distances.rows(); ++i) {
    stop_if_requested(stop);
    const auto row = distances.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (!is_distance(row[j])) {
        throw Error(what + place_of(i, j) + " is " + text_of(row[j]) +
                    ", not a finite distance, positive or 0");
      }
    }
    if (row[i] != 0.f) {
      throw Error(what + place_of(i, i) + " is " + text_of(row[i]) +
                  "; from a row to itself it must be 0");
    }
    for (std::size_t j = 0; j < i; ++j) {
      const float back = distances.row(j)[i];
      if (std::abs(row[j] - back) <= kRounding * std::max(row[j], back)) continue;
      throw Error(what + place_of(i, j) + " is " + text_of(row[j]) + ", but " + place_of(j, i) +
                  " is " + text_of(back) + "; it must be symmetric");
    }
  }
}

}  // namespace

NeighborGraph nearest_neighbors(const SparseDistances& given, std::size_t k,
                                const StopRequest& stop) {
  check_offsets(given);
  const std::size_t rows = given.offsets.size() - 1;
  require_neighbors(rows, k, "sparse distances");
  NeighborGraph graph = empty_graph(rows, k);
  std::vector<std::size_t> seen_in(rows, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    stop_if_requested(stop);
    auto entries = entries_of(given, i, seen_in);
    if (entries.size() < k) {
      throw Error("sparse distances: row " + std::to_string(i) + " has " +
                  std::to_string(entries.size()) + " entries, and " + std::to_string(k) +
                  " neighbours of each row are wanted (3 times the perplexity)");
    }
    take_nearest(entries, i, graph);
  }
  return graph;
}

NeighborGraph nearest_of_distances(const ArrayView<float>& distances, std::size_t k,
                                   const StopRequest& stop) {
  check_matrix(distances, stop);
  const std::size_t rows = distances.rows();
  require_neighbors(rows, k, "distance matrix");
  NeighborGraph graph = empty_graph(rows, k);
  std::atomic<bool> stopped = false;
#pragma omp parallel for schedule(dynamic, 16)
  for (std::size_t i = 0; i < rows; ++i) {
    if (stopped || (stop && stop())) {
      stopped = true;
      continue;
    }
    std::vector<Entry> entries;
    entries.reserve(rows - 1);
    for (std::uint32_t j = 0; j < rows; ++j) {
      if (j != i) entries.emplace_back(distances.row(i)[j], j);
    }
    take_nearest(entries, i, graph);
  }
  if (stopped) throw Stopped("stopped as requested");
  return graph;
}

}  // namespace hourglass
