// Gradient descent on a t-SNE map: recorded iterations, replayed a stride at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "device/buffer.hpp"
#include "kernels/tsne/map.hpp"
#include "manifold/affinity_matrix.hpp"
#include "manifold/descent_loop.hpp"
#include "manifold/map_descent.hpp"
#include "manifold/map_order.hpp"
#include "manifold/map_solver.hpp"
#include "manifold/packed_affinities.hpp"
#include "manifold/repulsion_grid.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// In two dimensions, or in one.
class MapOptimizer final : public MapDescent {
 public:
  /// map: (N, 1) or (N, 2). `affinities` must outlive the optimizer.
  MapOptimizer(math::Context& context, const AffinityMatrix& affinities, const Array<float>& map,
               const TsneSchedule& schedule, const RepulsionOptions& repulsion);

  void advance(std::size_t iterations) override;
  [[nodiscard]] double divergence(bool exact) override;
  [[nodiscard]] Array<float> map() const override;
  [[nodiscard]] std::size_t overflows() const override { return overflows_; }
  [[nodiscard]] std::size_t grid_iterations() const override { return exact_ ? 0 : iteration_; }
  [[nodiscard]] const MapOrder& order() const { return order_; }
  /// Near pairs are summed beside the grid.
  [[nodiscard]] bool sums_near_pairs() const { return near_; }

 private:
  struct Extent {
    float x;
    float y;
  };

  [[nodiscard]] kernels::Point* current() { return points_[iteration_ % 2].data(); }
  [[nodiscard]] const kernels::Point* current() const { return points_[iteration_ % 2].data(); }
  [[nodiscard]] kernels::Points both();
  void iterate();
  [[nodiscard]] double spacing() const;  // of the grid's nodes
  [[nodiscard]] bool is_thin() const;
  /// A grid for the map as it is, and as it may be after so many iterations.
  void choose_grid(std::uint64_t iterations);
  /// Iterations after which the points are to be put in order, the next time.
  [[nodiscard]] std::uint64_t next_order() const;
  void follow_curve();
  [[nodiscard]] double exact_normalizer();
  [[nodiscard]] double grid_normalizer();

  math::Context& context_;
  const AffinityMatrix& affinities_;
  PackedAffinityMatrix packed_;
  std::size_t count_;
  bool on_line_;  // one dimension: y is 0
  kernels::Tail tail_;
  double unit_;            // of the map on the device: sqrt(dof)
  double spacing_;         // of a grid alone
  TsneSchedule schedule_;  // in these units
  bool exact_;             // all pairs, no grid
  double thin_;            // RepulsionOptions::thin
  bool near_ = false;      // pairs are summed beside the grid: the map is thin

  device::Buffer<kernels::Point> points_[2];  // iterations take turns: kernels::Points
  device::Buffer<kernels::Point> velocity_, gain_, weak_pull_;
  device::Buffer<kernels::Box> boxes_;
  device::Buffer<kernels::Geometry> geometry_;
  device::Buffer<kernels::Point> forces_;
  device::Buffer<double> normalizers_;
  RepulsionGrid grid_;
  RecordedIterations recorded_;  // on this grid

  bool ordered_;                  // along a curve, once the map has a shape
  MapOrder order_;                // of the points in device memory
  std::uint64_t ordered_at_ = 0;  // iterations done when they came into it

  std::uint64_t iteration_ = 0;  // done
  Extent extent_{};              // before the last iteration
  std::uint64_t measured_ = 1;   // which that is
  Extent growth_{};              // an iteration, between the last two times the host looked
  std::size_t overflows_ = 0;
};

}  // namespace hourglass::HOURGLASS_TARGET
