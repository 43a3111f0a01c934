// Gradient descent on a t-SNE map in three dimensions.
//
// Repulsion comes from a grid while the map is small, and is summed over all pairs where that is as
// quick: of few points, and of maps that have grown wide, which a box of nodes holds mostly in vain
// (docs/numerics.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "device/buffer.hpp"
#include "kernels/space/map.hpp"
#include "manifold/affinity_matrix.hpp"
#include "manifold/descent_loop.hpp"
#include "manifold/map_descent.hpp"
#include "manifold/map_solver.hpp"
#include "manifold/packed_affinities.hpp"
#include "manifold/space_grid.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

class SpaceOptimizer final : public MapDescent {
 public:
  /// map: (N, 3). `affinities` must outlive the optimizer.
  SpaceOptimizer(math::Context& context, const AffinityMatrix& affinities, const Array<float>& map,
                 const TsneSchedule& schedule, const RepulsionOptions& repulsion);

  void advance(std::size_t iterations) override;
  [[nodiscard]] double divergence(bool exact) override;
  [[nodiscard]] Array<float> map() const override;
  [[nodiscard]] std::size_t overflows() const override { return overflows_; }
  [[nodiscard]] std::size_t grid_iterations() const override { return grid_iterations_; }

 private:
  [[nodiscard]] kernels::SpacePoint* current() { return points_[iteration_ % 2].data(); }
  [[nodiscard]] const kernels::SpacePoint* current() const {
    return points_[iteration_ % 2].data();
  }
  [[nodiscard]] kernels::SpacePoints both();
  void iterate();
  /// A grid for the map as it is, and as it may be after so many iterations, or none.
  void choose_grid(std::uint64_t iterations);

  math::Context& context_;
  const AffinityMatrix& affinities_;
  PackedAffinityMatrix packed_;
  std::size_t count_;
  kernels::Tail tail_;
  double unit_;  // of the map on the device: sqrt(dof)
  double spacing_;
  TsneSchedule schedule_;  // in these units
  std::optional<std::size_t> exact_points_;

  device::Buffer<kernels::SpacePoint> points_[2];  // iterations take turns
  device::Buffer<kernels::SpacePoint> velocity_, gain_, weak_pull_;
  device::Buffer<kernels::SpaceBox> boxes_;
  device::Buffer<kernels::SpaceGeometry> geometry_;
  device::Buffer<kernels::SpacePoint> forces_;
  device::Buffer<double> normalizers_;
  SpaceRepulsionGrid grid_;
  bool on_grid_ = false;
  RecordedIterations recorded_;  // as it is now

  std::uint64_t iteration_ = 0;  // done
  float extent_ = 0.f;           // the largest, before the last iteration
  std::uint64_t measured_ = 1;   // which that is
  float growth_ = 0.f;           // an iteration, between the last two times the host looked
  std::size_t overflows_ = 0;
  std::size_t grid_iterations_ = 0;
};

}  // namespace hourglass::HOURGLASS_TARGET
