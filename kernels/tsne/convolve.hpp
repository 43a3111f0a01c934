// The potential of charges on a grid: their convolution with the points' interaction, by FFT.
//
// Nodes lie nodes_x by nodes_y in one corner of a plane twice as wide and twice as high, so that
// cyclic convolution does not wrap around; the rest of the plane is zero before, unwanted after,
// and never touched. Three kernels:
//
//   rows forward     along x, two real rows as one complex one, straight from the fixed-point
//                    charges
//   columns          along y, the product with the interaction's real spectrum, the sum of charge
//                    times potential, and back
//   rows backward    to the potential
//
// A block transforms some lines at a time in its shared memory: on a CPU one line of vectors, on a
// GPU a few lines by many threads. There is nothing to plan, and nothing to allocate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fft/line.hpp"
#include "kernels/simt/launch_config.hpp"
#include "kernels/tsne/map.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// What two points at distance d do to each other's potential.
enum class Interaction {
  plain,      ///< 1 / (1 + d^2)^a, a the tail's power
  minus_one,  ///< that minus one: the same forces, and no cancellation while maps are small
  softened,   ///< the plain one of power 1, but for near pairs: softened.hpp
};

/// How a plane's values lie in memory. Rows are those of equal y; y runs fastest in charges and
/// potentials, so that a vector of neighbouring rows is loaded at once.
struct PlaneLayout {
  std::uint32_t nodes_x;
  std::uint32_t nodes_y;
  std::uint32_t lanes;    ///< lines side by side in a vector
  std::uint32_t lines;    ///< vectors side by side in a block: 1 or 2
  std::uint32_t pitch;    ///< of charges and potentials, between neighbours in x
  std::uint32_t columns;  ///< in Fourier space: nodes_x + 1, rounded up to whole vectors

  [[nodiscard]] HOURGLASS_HOST_DEVICE std::size_t node_values() const {
    return std::size_t{nodes_x} * pitch;
  }
  /// Rows there is room for in Fourier space: one more at least, which the interaction has.
  [[nodiscard]] HOURGLASS_HOST_DEVICE std::uint32_t row_pitch() const {
    return pitch + 2 * lanes * lines;
  }
  /// (columns / lanes, row_pitch, real and imaginary, lanes).
  [[nodiscard]] std::size_t row_values() const { return std::size_t{columns} * row_pitch() * 2; }
  /// (columns / lanes, 2 nodes_y in transformed order, lanes).
  [[nodiscard]] HOURGLASS_HOST_DEVICE std::size_t spectrum_values() const {
    return std::size_t{columns} * 2 * nodes_y;
  }
};

/// For sides of the padded plane, which fft::kLines must have. As the launch of the moment wants
/// it: emulated threads take a GPU's.
[[nodiscard]] PlaneLayout lay_out_plane(std::uint32_t side_x, std::uint32_t side_y);

/// A plane's memory.
struct Plane {
  PlaneLayout layout;
  fft::Line x;
  fft::Line y;
  float* rows;  ///< (row_values)
};

/// spectrum: of the interaction, divided by the spline's transform squared, once for spreading and
/// once for gathering, and by what the transforms multiply by.
void interaction_spectrum(simt::StreamHandle stream, const Plane& plane, Interaction interaction,
                          float spacing, float* spectrum, Tail tail = {});

/// Partial sums that convolve writes.
[[nodiscard]] std::size_t energy_count(const PlaneLayout& layout);

/// potential (nodes_x, pitch) = the interaction with the charges, whose `copies` planes of
/// (nodes_x, pitch) are added up and cleared. spectra: one a level, of which *geometry says which.
/// energies: partial sums of charge times potential over all nodes. Does nothing where
/// geometry->overflow.
template <class Charge>
void convolve(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
              const float* spectra, float charge_unit, std::span<Charge> charges, float* potential,
              std::span<double> energies);

// convolve's three kernels, one by one. (In space columns are more than the energies know of.)
template <class Charge>
void rows_forward(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
                  float charge_unit, std::span<Charge> charges);
void columns_there_and_back(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
                            const float* spectra, std::span<double> energies);
void rows_backward(simt::StreamHandle stream, const Plane& plane, const Geometry* geometry,
                   float* potential);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
