// The grid that repulsion is computed on, with its spectra.
//
// phi(y) = sum over j of 1 / (1 + |y - y_j|^2) is the convolution of unit charges with one kernel,
// and the repulsion on a point is minus half its gradient: one transform there and one back, where
// methods that convolve vectors take nine. docs/numerics.md has the derivation and the errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "device/buffer.hpp"
#include "kernels/tsne/convolve.hpp"
#include "kernels/tsne/move.hpp"
#include "kernels/tsne/spread.hpp"
#include "manifold/line_tables.hpp"
#include "manifold/near_field.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Sides of the padded plane, of fft::kLines.
struct GridSides {
  std::uint32_t x;
  std::uint32_t y;
  bool operator==(const GridSides&) const = default;
};

class RepulsionGrid {
 public:
  /// For maps of so many points at this spacing. Has no sides yet.
  RepulsionGrid(double spacing, std::size_t points, kernels::Tail tail = {});

  /// Takes these sides; a grid with levels halves its spacing so many times less one, as the map
  /// allows. Waits for nothing that is not its own, keeps memory that is large enough. The softened
  /// interaction brings its near field along: under the plain tail, on one level, and for good.
  void resize(const device::Stream& stream, GridSides sides, std::uint32_t levels,
              kernels::Interaction interaction);

  [[nodiscard]] GridSides sides() const { return sides_; }

  /// The potential of the points, ready to be gathered. Begins an iteration: see spread_charges.
  void compute(const device::Stream& stream, const kernels::Points& points,
               std::span<const kernels::Box> boxes, kernels::Geometry* geometry);
  [[nodiscard]] kernels::Repulsion repulsion() const;
  /// The plane's: nodes and how they lie.
  [[nodiscard]] const kernels::PlaneLayout& layout() const { return plane_.layout; }

 private:
  [[nodiscard]] std::size_t normalizer_count() const;

  float spacing_;
  std::size_t points_;
  kernels::Tail tail_;
  OwnForce own_;
  GridSides sides_{};
  kernels::GridShape shape_{};
  kernels::Plane plane_{};
  std::uint32_t charge_copies_ = 0;
  LineTables x_, y_;
  /// All zero between iterations.
  std::variant<device::Buffer<std::uint32_t>, device::Buffer<std::uint64_t>> charges_;
  device::Buffer<float> rows_;
  device::Buffer<float> potential_;
  device::Buffer<float> spectra_;    // one a level
  device::Buffer<double> energies_;  // and the near field's sums
  std::optional<NearField> near_;
  double normalizer_offset_ = 0.0;
};

}  // namespace hourglass::HOURGLASS_TARGET
