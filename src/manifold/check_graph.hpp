// A graph of neighbours that somebody else made.
#pragma once

#include <hourglass/neighbors.hpp>

namespace hourglass {

/// Throws Error unless both arrays are (rows, k), each row has k different other rows, and their
/// distances are finite, at least 0 and do not decrease.
void check_graph(const NeighborGraph& graph);

}  // namespace hourglass
