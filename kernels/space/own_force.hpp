// What a point's own charge does to it, in three dimensions: as kernels/tsne/own_force.hpp.
#pragma once

namespace hourglass {

/// The force along x at tx, ty, tz in [0, 1) beyond a node, by its first Fourier terms: with
/// c(m, t) = cos(2 pi m t) the sum over m = 1, 2 of
///
///   sin(2 pi m tx) (t[0] + t[1] (c(1, ty) + c(1, tz)) + t[2] c(1, ty) c(1, tz)
///                   + t[3] (c(2, ty) + c(2, tz))),   t = terms[m - 1]
///
/// and y and z likewise.
struct SpaceOwnForce {
  float terms[2][4] = {};
  /// Charge times potential of the point with itself, on average over the cell.
  double energy = 1.0;
};

}  // namespace hourglass
