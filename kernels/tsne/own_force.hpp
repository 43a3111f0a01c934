// What a point's own charge does to it.
#pragma once

namespace hourglass {

/// A charge spread over nodes pulls its own point within its cell, by a force that depends on the
/// place in the cell alone: tx, ty in [0, 1) beyond a node. Its first Fourier terms,
///
///   x:  sum over m = 1, 2 and q = 0, 1, 2 of terms[m - 1][q] sin(2 pi m tx) cos(2 pi q ty)
///
/// and y likewise.
struct OwnForce {
  float terms[2][3] = {};
  /// Charge times potential of the point with itself, on average over the cell: 1 without a grid.
  double energy = 1.0;
};

}  // namespace hourglass
