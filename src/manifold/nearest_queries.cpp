#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/neighbors.hpp>
#include <sstream>
#include <string>

#include "data/check.hpp"
#include "data/device_rows.hpp"
#include "manifold/square_scale.hpp"
#include "target/table.hpp"

namespace hourglass {
namespace {

void check_queries(const Samples& data, const Samples& queries, std::size_t k) {
  if (data.rows() == 0 || queries.rows() == 0) {
    throw Error(std::string("nearest neighbours: there are no ") +
                (data.rows() == 0 ? "rows to look among" : "queries"));
  }
  const std::size_t size = data.row_size();
  if (size == 0) throw Error("nearest neighbours: the rows are empty");
  if (queries.row_size() != size) {
    throw Error("nearest neighbours: the queries have " + std::to_string(queries.row_size()) +
                " values each, and the data has " + std::to_string(size));
  }
  if (k == 0 || k > data.rows()) {
    throw Error("cannot find " + std::to_string(k) + " neighbours among " +
                std::to_string(data.rows()) + " rows; 1 to " + std::to_string(data.rows()) +
                " are possible");
  }
  require_finite(data, "nearest neighbours: data");
  require_finite(queries, "nearest neighbours: queries");
}

/// Distances are measured in the data's scale, where a query may be too far away for a float.
void check_reach(const Samples& data, const Samples& queries) {
  constexpr int kLongest = kSafeExponent + 8;
  const float scale = scale_to_square(data.on_device().facts(data.rows()).largest);
  const float most = std::ldexp(1.f, kLongest);
  if (queries.on_device().facts(queries.rows()).largest * scale <= most) return;
  const auto& values = queries.host().values;
  const auto far =
      std::ranges::find_if(values, [&](float value) { return std::abs(value) * scale > most; });
  if (far == values.end()) return;
  const auto index = static_cast<std::size_t>(far - values.begin());
  std::ostringstream value;
  value << *far;
  throw Error("nearest neighbours: row " + std::to_string(index / queries.row_size()) +
              " of the queries holds " + value.str() +
              ", too far beyond all of the data to measure its distances");
}

}  // namespace

NeighborGraph nearest_neighbors(const Samples& data, const Samples& queries, std::size_t k,
                                const StopRequest& stop) {
  check_queries(data, queries, k);
  check_reach(data, queries);
  return target_of(data.device()).query_neighbors(data, queries.on(data.device()), k, stop);
}

}  // namespace hourglass
