// What of the neighbourhoods in the data the maps of a page keep.
#include <algorithm>
#include <hourglass/error.hpp>
#include <hourglass/page.hpp>
#include <string>
#include <utility>

namespace hourglass {

void add_neighbors(Page& page, const Samples& rows, std::optional<NeighborGraph> known,
                   const StopRequest& stop) {
  constexpr std::size_t kJudgedBy = 15;
  for (const PageMap& map : page.maps) {
    require_map(map);
    if (map.points.rows() == rows.rows()) continue;
    throw Error("there are " + std::to_string(rows.rows()) + " rows, and map '" + map.name +
                "' has " + std::to_string(map.points.rows()) + " points");
  }
  if (rows.rows() < 2) return;
  const std::size_t k = std::min(kJudgedBy, rows.rows() - 1);
  page.neighbors = known ? std::move(known) : nearest_neighbors(rows, k, stop);
  for (PageMap& map : page.maps) {
    const Samples points = Samples::view(map.points, rows.device());
    map.quality = local_quality(*page.neighbors, nearest_neighbors(points, k, stop));
  }
}

}  // namespace hourglass
