#include "manifold/map_descent.hpp"

#include <cmath>
#include <hourglass/error.hpp>

namespace hourglass {

TsneSchedule in_units_of_tail(TsneSchedule schedule, double dof) {
  schedule.learning_rate /= dof;
  schedule.early_exaggeration *= dof;
  schedule.late_exaggeration *= dof;
  schedule.max_step /= std::sqrt(dof);
  return schedule;
}

void throw_not_finite() {
  throw Error("the map is no longer finite; try a smaller learning rate");
}

}  // namespace hourglass
