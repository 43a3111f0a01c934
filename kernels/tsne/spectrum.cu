#include <algorithm>
#include <cmath>

#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/spectrum.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

struct Smem {
  simt::BlockSumScratch<double> energy;
};
static_assert(sizeof(Smem) <= 512);

// ---------------------------------------------------------------------------- device functions

/// Transform of a cubic B-spline sampled at the nodes, for frequency k of `side`.
__device__ __forceinline__ float spline_transform(std::uint32_t k, std::uint32_t side) {
  return (4.f + 2.f * simt::cos_pi(2.f * static_cast<float>(k) / static_cast<float>(side))) / 6.f;
}

// ------------------------------------------------------------------------------------- kernels

template <Interaction interaction>
__global__ void sample_interaction_kernel(std::uint32_t side, float spacing,
                                          std::uint32_t first_row, float* __restrict__ plane) {
  for (const auto i : simt::elements(side / 2 * side)) {
    const std::uint32_t row = first_row + i / side;
    const std::uint32_t column = i % side;
    // On a cyclic grid the shorter way round.
    const float y = static_cast<float>(row < side - row ? row : side - row) * spacing;
    const float x = static_cast<float>(column < side - column ? column : side - column) * spacing;
    const float squared = x * x + y * y;
    plane[i] = (interaction == Interaction::plain ? 1.f : -squared) / (1.f + squared);
  }
}

__global__ void deconvolve_kernel(std::uint32_t side, const Complex* __restrict__ upper,
                                  const Complex* __restrict__ lower, float* __restrict__ spectrum) {
  const std::uint32_t columns = side / 2 + 1;
  const float scale = 1.f / (static_cast<float>(side) * static_cast<float>(side));
  for (const auto i : simt::elements(side * columns)) {
    const std::uint32_t row = i / columns;
    const float whole =
        row % 2 == 0 ? upper[i].real + lower[i].real : upper[i].real - lower[i].real;
    const float spline = spline_transform(row, side) * spline_transform(i % columns, side);
    spectrum[i] = whole * scale / (spline * spline);
  }
}

// A real spectrum times a complex one. The energy of a column stands for its mirror image's too,
// but for the first and the last, which have none.
__global__ void multiply_spectrum_kernel(std::uint32_t side, const float* __restrict__ spectra,
                                         const Geometry* __restrict__ geometry,
                                         Complex* __restrict__ charges,
                                         double* __restrict__ energies) {
  const std::uint32_t columns = side / 2 + 1;
  const float* spectrum = spectra + std::size_t{geometry->level} * side * columns;
  double energy = 0.0;
  for (const auto i : simt::elements(side * columns)) {
    const std::uint32_t column = i % columns;
    const float factor = spectrum[i];
    const Complex charge = charges[i];
    const float weight = column == 0 || column == columns - 1 ? 1.f : 2.f;
    energy += static_cast<double>(
        weight * factor * (charge.real * charge.real + charge.imaginary * charge.imaginary));
    charges[i] = {factor * charge.real, factor * charge.imaginary};
  }
  energy = simt::block_sum(energy, simt::shared<Smem>().energy);
  if (threadIdx.x == 0) energies[blockIdx.x] = energy;
}

std::size_t spectrum_size(std::uint32_t side) {
  return std::size_t{side} * (side / 2 + 1);
}

/// Of the product: every block of the move adds up its energies.
simt::LaunchConfig shape(std::uint32_t side) {
  auto config = simt::per_element(spectrum_size(side), 256, sizeof(Smem));
  config.grid.x = std::min(config.grid.x, kMaxSummingBlocks);
  return config;
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void sample_interaction(simt::StreamHandle stream, Interaction interaction, std::uint32_t side,
                        float spacing, std::uint32_t first_row, float* plane) {
  simt::launch(stream, simt::per_element(std::size_t{side} / 2 * side),
               interaction == Interaction::plain
                   ? sample_interaction_kernel<Interaction::plain>
                   : sample_interaction_kernel<Interaction::minus_one>,
               side, spacing, first_row, plane);
}

void deconvolve(simt::StreamHandle stream, std::uint32_t side, const Complex* upper,
                const Complex* lower, float* spectrum) {
  simt::launch(stream, simt::per_element(spectrum_size(side)), deconvolve_kernel, side, upper,
               lower, spectrum);
}

std::size_t energy_partial_count(std::uint32_t side) {
  return shape(side).grid.count();
}

void multiply_spectrum(simt::StreamHandle stream, std::uint32_t side, const float* spectra,
                       const Geometry* geometry, Complex* charges, std::span<double> energies) {
  simt::launch(stream, shape(side), multiply_spectrum_kernel, side, spectra, geometry, charges,
               energies.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
