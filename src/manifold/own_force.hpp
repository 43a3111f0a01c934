// The force of a point's own charge: kernels/tsne/own_force.hpp says what it is.
#pragma once

#include "kernels/space/own_force.hpp"
#include "kernels/tsne/own_force.hpp"

namespace hourglass {

/// On a grid of this spacing, however large, under 1 / (1 + d^2)^power.
[[nodiscard]] OwnForce own_force(double spacing, double power = 1.0);
/// ... or under what the softened interaction is of 1 / (1 + d^2) (kernels/tsne/softened.hpp).
[[nodiscard]] OwnForce softened_own_force(double spacing);
[[nodiscard]] SpaceOwnForce space_own_force(double spacing, double power = 1.0);

}  // namespace hourglass
