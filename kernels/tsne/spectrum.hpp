// The interaction of charges, and its convolution with them in Fourier space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/complex.hpp"
#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// What two points at distance d do to each other's potential.
enum class Interaction {
  plain,      ///< 1 / (1 + d^2)
  minus_one,  ///< -d^2 / (1 + d^2): the same forces, and no cancellation while maps are small
};

/// plane (side / 2, side): rows first_row, first_row + 1, ... of the interaction with node (0, 0)
/// on the cyclic side x side grid.
void sample_interaction(simt::StreamHandle stream, Interaction interaction, std::uint32_t side,
                        float spacing, std::uint32_t first_row, float* plane);

/// spectrum (real) = transform / (spline's transform)^2 / side^2: divided once for spreading, once
/// for gathering, and by what transforms there and back multiply by. The transform is that of the
/// upper half of the grid's rows, plus that of the lower half moved up by side / 2, which turns the
/// sign of every odd row of its transform.
void deconvolve(simt::StreamHandle stream, std::uint32_t side, const Complex* upper,
                const Complex* lower, float* spectrum);

/// Partial sums that multiply_spectrum writes.
[[nodiscard]] std::size_t energy_partial_count(std::uint32_t side);

/// charges *= spectra[geometry->level]; energies: partial sums whose total is
/// sum over nodes of charge times potential, by Parseval's theorem.
void multiply_spectrum(simt::StreamHandle stream, std::uint32_t side, const float* spectra,
                       const Geometry* geometry, Complex* charges, std::span<double> energies);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
