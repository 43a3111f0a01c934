// The force of a point's own charge: kernels/tsne/own_force.hpp says what it is.
#pragma once

#include "kernels/tsne/own_force.hpp"

namespace hourglass {

/// On a grid of this spacing, however large.
[[nodiscard]] OwnForce own_force(double spacing);

}  // namespace hourglass
