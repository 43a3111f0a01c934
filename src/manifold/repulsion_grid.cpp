#include "manifold/repulsion_grid.hpp"

namespace hourglass::HOURGLASS_TARGET {

using kernels::Interaction;

RepulsionGrid::RepulsionGrid(math::Context& context, kernels::GridShape shape,
                             Interaction interaction, std::size_t points)
    : shape_(shape),
      fft_(context, shape.side),
      charges_(std::size_t{shape.side / 2} * (shape.side / 2)),
      charge_plane_(std::size_t{shape.side / 2} * shape.side),
      potential_(charge_plane_.size()),
      transform_(fft_.spectrum_size()),
      spectra_(shape.levels * fft_.spectrum_size()),
      energies_(kernels::energy_partial_count(shape.side)) {
  // Each point's charge meets its own potential: 1 in Z, or 0 of the kernel minus one, which in
  // turn lacks 1 for each of N^2 pairs.
  const auto n = static_cast<double>(points);
  normalizer_offset_ = interaction == Interaction::plain ? -n : n * n - n;

  device::Stream& stream = context.stream();
  device::fill_with_zero(stream, charges_.span());
  device::fill_with_zero(stream, charge_plane_.span());
  device::Buffer<Complex> lower(fft_.spectrum_size());
  float spacing = shape.coarsest_spacing;
  for (std::uint32_t level = 0; level < shape.levels; ++level, spacing *= 0.5f) {
    kernels::sample_interaction(stream, interaction, shape.side, spacing, 0, potential_.data());
    fft_.forward(context, potential_.data(), transform_.data());
    kernels::sample_interaction(stream, interaction, shape.side, spacing, shape.side / 2,
                                potential_.data());
    fft_.forward(context, potential_.data(), lower.data());
    kernels::deconvolve(stream, shape.side, transform_.data(), lower.data(),
                        spectra_.data() + level * fft_.spectrum_size());
  }
  stream.synchronize();  // `lower` is about to be freed
}

void RepulsionGrid::compute(math::Context& context, std::span<const kernels::Point> points,
                            std::span<const kernels::Box> boxes, kernels::Geometry* geometry) {
  device::Stream& stream = context.stream();
  kernels::spread_charges(stream, points, shape_, boxes, geometry, charges_.data());
  kernels::unload_charges(stream, shape_.side, charges_.data(), charge_plane_.data());
  fft_.forward(context, charge_plane_.data(), transform_.data());
  kernels::multiply_spectrum(stream, shape_.side, spectra_.data(), geometry, transform_.data(),
                             energies_.span());
  fft_.inverse(context, transform_.data(), potential_.data());
}

kernels::Repulsion RepulsionGrid::repulsion() const {
  return {.potential = potential_.data(),
          .side = shape_.side,
          .normalizers = energies_.data(),
          .normalizer_count = static_cast<std::uint32_t>(energies_.size()),
          .normalizer_offset = normalizer_offset_};
}

}  // namespace hourglass::HOURGLASS_TARGET
