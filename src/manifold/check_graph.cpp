#include "manifold/check_graph.hpp"

#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

namespace hourglass {

void check_graph(const NeighborGraph& graph) {
  const Shape& shape = graph.indices.shape;
  if (shape.size() != 2 || graph.distances.shape != shape) {
    throw Error("neighbour graph: indices and distances must both have shape (rows, neighbours)");
  }
  const std::size_t rows = shape[0];
  const std::size_t k = shape[1];
  if (rows < 2 || k == 0 || k >= rows) {
    throw Error("neighbour graph: " + std::to_string(k) + " neighbours of each of " +
                std::to_string(rows) + " rows do not fit; 1 to rows - 1 do");
  }
  for (std::size_t i = 0; i < rows * k; ++i) {
    const auto place = [&] {
      return "neighbour graph: row " + std::to_string(i / k) + ", neighbour " +
             std::to_string(i % k);
    };
    const std::uint32_t index = graph.indices.values[i];
    if (index >= rows) {
      throw Error(place() + " is " + std::to_string(index) + ", but there are only " +
                  std::to_string(rows) + " rows");
    }
    if (index == i / k) throw Error(place() + " is the row itself; leave it out");
    const float distance = graph.distances.values[i];
    if (!std::isfinite(distance) || distance < 0.f) {
      throw Error(place() + ": its distance is not a finite, non-negative number");
    }
    if (i % k > 0 && distance < graph.distances.values[i - 1]) {
      throw Error(place() + " is nearer than the one before; sort each row by distance");
    }
  }
  std::vector<std::size_t> seen_in(rows, rows);
  for (std::size_t i = 0; i < rows * k; ++i) {
    std::size_t& seen = seen_in[graph.indices.values[i]];
    if (seen == i / k) {
      throw Error("neighbour graph: row " + std::to_string(i / k) + " has row " +
                  std::to_string(graph.indices.values[i]) +
                  " among its neighbours twice; each may come once");
    }
    seen = i / k;
  }
}

}  // namespace hourglass
