// Gradient descent on a t-SNE map: recorded iterations, replayed a stride at a time.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "kernels/tsne/map.hpp"
#include "manifold/affinity_matrix.hpp"
#include "manifold/map_solver.hpp"
#include "manifold/repulsion_grid.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

class MapOptimizer {
 public:
  /// `affinities` must outlive the optimizer.
  MapOptimizer(math::Context& context, const AffinityMatrix& affinities, const Array<float>& map,
               const TsneSchedule& schedule, const RepulsionOptions& repulsion);

  void advance(std::size_t iterations);
  [[nodiscard]] double divergence(bool exact);
  [[nodiscard]] Array<float> map() const;

 private:
  /// All that an iteration changes.
  struct State {
    explicit State(std::size_t points, std::size_t boxes);
    void copy_from(const device::Stream& stream, const State& other);

    device::Buffer<kernels::Point> points, velocity, gain;
    device::Buffer<kernels::Box> boxes;
    device::Buffer<kernels::Geometry> geometry;
  };

  void iterate(RepulsionGrid* grid, device::Buffer<kernels::Point>& from,
               device::Buffer<kernels::Point>& to);
  void run_recorded(RepulsionGrid* grid, std::size_t iterations);
  /// For a map of this span: none where summing all pairs is cheaper.
  RepulsionGrid* choose_grid(float span);
  [[nodiscard]] double exact_normalizer();
  [[nodiscard]] double grid_normalizer();

  math::Context& context_;
  const AffinityMatrix& affinities_;
  std::size_t points_;
  TsneSchedule schedule_;
  float spacing_;
  bool exact_;  // all pairs, no grid

  State state_;
  State checkpoint_;
  device::Buffer<kernels::Point> moved_;  // where an iteration's points go; the two take turns
  device::Buffer<kernels::Point> forces_;
  device::Buffer<double> normalizers_;
  std::optional<RepulsionGrid> fine_grid_;                                 // of normalisations
  std::map<std::uint32_t, RepulsionGrid> grids_;                           // by side
  std::map<std::pair<std::uint32_t, std::size_t>, device::Graph> graphs_;  // by side, iterations
  std::uint32_t smallest_side_ = 0;  // a map has outgrown all below
  float span_ = 0.f;
  float growth_ = 0.f;  // in the last stride
};

}  // namespace hourglass::HOURGLASS_TARGET
