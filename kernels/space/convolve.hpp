// The potential of charges on a grid in space: their convolution with the points' interaction, by
// the FFT of kernels/tsne/convolve.hpp, with a pass along y there and back between those along x
// and along z.
//
// To the pass along x all rows of the box are rows of one wide plane; to the pass along z, there,
// product and back, the columns of the box are those of another, whose columns of one frequency in
// x lie behind one another, one for each place of the frequencies in y.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/fft/line.hpp"
#include "kernels/simt/launch_config.hpp"
#include "kernels/space/map.hpp"
#include "kernels/tsne/convolve.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// The two planes, and how many rows along y a plane has from z to z: SpaceGrid's pitch.
struct BoxLayout {
  PlaneLayout rows;
  PlaneLayout columns;
  std::uint32_t nodes;
  std::uint32_t pitch;
};

/// For a padded side, which fft::kLines must have. As the launch of the moment wants it.
[[nodiscard]] BoxLayout lay_out_box(std::uint32_t side);

/// Charges and potentials have rows.node_values(), the spectrum has columns.spectrum_values().
struct SpaceVolume {
  BoxLayout layout;
  fft::Line line;
  float* rows;     ///< (layout.rows.row_values())
  float* columns;  ///< (layout.columns.row_values())
  double* unused;  ///< (energy_count(layout.columns)): sums of no meaning here
};

/// What interaction_spectrum works with, of sides / 2 + 1 frequencies: (count), (count, count),
/// and twice (count, count, count).
struct SpectrumTables {
  const double* inverse_splines;  ///< of each frequency: 1 over the spline's transform squared
  const double* cosines;          ///< (node, frequency): of a transform of even functions
  double* values;
  double* scratch;
};

/// spectrum: of the interaction, divided by the spline's transform squared in each direction, once
/// for spreading and once for gathering, and by what the transforms multiply by.
void interaction_spectrum(simt::StreamHandle stream, const SpaceVolume& volume,
                          const SpectrumTables& tables, Interaction interaction, float spacing,
                          float* spectrum, Tail tail = {});

/// potential = the interaction with the charges, whose copies are added up and cleared. Does
/// nothing where geometry->overflow.
template <class Charge>
void convolve(simt::StreamHandle stream, const SpaceVolume& volume, const SpaceGeometry* geometry,
              const float* spectra, float charge_unit, std::span<Charge> charges, float* potential);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
