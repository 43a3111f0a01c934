// Gradient descent on a t-SNE map, of whatever dimensions.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/tsne_schedule.hpp>

namespace hourglass {

class MapDescent {
 public:
  MapDescent() = default;
  virtual ~MapDescent() = default;
  MapDescent(const MapDescent&) = delete;
  MapDescent& operator=(const MapDescent&) = delete;

  virtual void advance(std::size_t iterations) = 0;
  /// See MapSolver.
  [[nodiscard]] virtual double divergence(bool exact) = 0;
  [[nodiscard]] virtual Array<float> map() const = 0;
  /// How often a map has outgrown its grid before the host looked.
  [[nodiscard]] virtual std::size_t overflows() const = 0;
  [[nodiscard]] virtual std::size_t grid_iterations() const = 0;
};

/// With other than one degree of freedom a point's nearness is (1 + d^2 / dof)^-dof. In units of
/// sqrt(dof) it is a power of the plain one, so that is what all kernels compute in
/// (docs/numerics.md). The gradient by coordinates in these units is sqrt(dof) times longer, and
/// its attraction has a factor of dof more.
[[nodiscard]] TsneSchedule in_units_of_tail(TsneSchedule schedule, double dof);

/// The error of a map whose coordinates are not finite any more.
[[noreturn]] void throw_not_finite();

}  // namespace hourglass
