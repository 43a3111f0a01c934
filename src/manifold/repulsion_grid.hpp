// The grid that repulsion is computed on, at one size, with its spectra and transforms.
//
// phi(y) = sum over j of 1 / (1 + |y - y_j|^2) is the convolution of unit charges with one kernel,
// and the repulsion on a point is minus half its gradient: one transform there and one back, where
// methods that convolve vectors take nine. docs/numerics.md has the derivation and the errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "device/buffer.hpp"
#include "kernels/tsne/move.hpp"
#include "kernels/tsne/spectrum.hpp"
#include "kernels/tsne/spread.hpp"
#include "math/context.hpp"
#include "math/fft.hpp"

namespace hourglass::HOURGLASS_TARGET {

class RepulsionGrid {
 public:
  RepulsionGrid(math::Context& context, kernels::GridShape shape, kernels::Interaction interaction,
                std::size_t points);

  [[nodiscard]] const kernels::GridShape& shape() const { return shape_; }
  /// The widest map it holds.
  [[nodiscard]] float reach() const {
    return shape_.coarsest_spacing * static_cast<float>(kernels::usable_cells(shape_.side));
  }

  /// The potential of the points, ready to be gathered. Begins an iteration: see spread_charges.
  void compute(math::Context& context, std::span<const kernels::Point> points,
               std::span<const kernels::Box> boxes, kernels::Geometry* geometry);
  [[nodiscard]] kernels::Repulsion repulsion() const;

 private:
  kernels::GridShape shape_;
  math::HalfPlaneFft fft_;
  device::Buffer<kernels::FixedCharge> charges_;
  device::Buffer<float> charge_plane_;  // the right half of each row stays zero
  device::Buffer<float> potential_;
  device::Buffer<Complex> transform_;
  device::Buffer<float> spectra_;  // one a level
  device::Buffer<double> energies_;
  double normalizer_offset_;
};

}  // namespace hourglass::HOURGLASS_TARGET
