// How the digits are written: the paths of the pen that the synthetic images vary.
#pragma once

#include <cstddef>
#include <span>

namespace hourglass::data {

/// How the pen comes to a node.
enum class Join {
  start,   ///< it is put down here: a new stroke
  smooth,  ///< along a curve that goes on beyond the node
  corner,  ///< along a curve that ends here; the next one sets out in its own direction
};

/// A point that the curve passes through: x to the right, y down, a digit one unit high.
struct Node {
  double x;
  double y;
  Join join;
};

/// The ways to write a digit from 0 to 9.
[[nodiscard]] std::span<const std::span<const Node>> glyphs(std::size_t digit);

}  // namespace hourglass::data
