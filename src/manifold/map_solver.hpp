// One target's part of t-SNE: what touches all points, on the device. The public API drives it
// stage by stage and keeps the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <hourglass/array.hpp>
#include <hourglass/tsne.hpp>
#include <optional>
#include <span>

namespace hourglass {

/// Where the repulsion of a map comes from, and how its points lie in memory.
struct RepulsionOptions {
  double spacing = 1.0 / 3.0;  ///< of the grid's nodes
  double dof = 1.0;            ///< TsneOptions::dof
  /// Maps of no more points have their repulsion summed over all pairs, not taken from a grid;
  /// without it, up to where that is as quick on this target.
  std::optional<std::size_t> exact_points = {};
  /// Maps below so many points, times the points in the cell of each (points_in_cells), a unit area
  /// have their near pairs summed one by one beside a coarser grid; 0: none has; without it, where
  /// that is quicker on this target. Of one degree of freedom, that is.
  std::optional<double> thin = {};
  /// Maps of no fewer points are put in the order of a curve; without it, from where that pays.
  std::optional<std::size_t> ordered_points = {};
};

class MapSolver {
 public:
  MapSolver() = default;
  virtual ~MapSolver() = default;
  MapSolver(const MapSolver&) = delete;
  MapSolver& operator=(const MapSolver&) = delete;

  // Either of these first ...
  /// bytes_of_neighbor: see require_memory.
  virtual void find_neighbors(const Samples& x, std::size_t k, std::size_t bytes_of_neighbor,
                              const StopRequest& stop) = 0;
  virtual void use_neighbors(const NeighborGraph& graph) = 0;
  [[nodiscard]] virtual NeighborGraph neighbors() = 0;

  // ... then these, in this order.
  virtual void compute_affinities(std::span<const double> perplexities) = 0;
  virtual void begin(const Array<float>& map, const TsneSchedule& schedule,
                     const RepulsionOptions& repulsion) = 0;

  /// Iterations that one call to advance() had best be asked for.
  [[nodiscard]] virtual std::size_t stride() const = 0;
  /// That many more iterations. Throws Error when the map grows without bound.
  virtual void advance(std::size_t iterations) = 0;
  /// The KL divergence of the map as it stands. Its normalisation is summed over all pairs where
  /// `exact`, or where that costs next to nothing; else it is taken from a fine grid.
  [[nodiscard]] virtual double divergence(bool exact) = 0;
  /// Times that the map outgrew its grid within a stride: it stood still for the rest of it.
  [[nodiscard]] virtual std::size_t overflows() const = 0;
  /// Iterations whose repulsion came from a grid, not from all pairs.
  [[nodiscard]] virtual std::size_t grid_iterations() const = 0;
  /// (N, 1), (N, 2) or (N, 3), as it began, centred.
  [[nodiscard]] virtual Array<float> map() = 0;
};

}  // namespace hourglass
