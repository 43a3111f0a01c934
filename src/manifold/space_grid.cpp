#include "manifold/space_grid.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/space/gather.hpp"
#include "kernels/space/spread.hpp"
#include "kernels/tsne/spread.hpp"
#include "manifold/make_room.hpp"
#include "manifold/own_force.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Interaction;

/// 1 over the transform of a cubic B-spline sampled at the nodes, squared, of each frequency.
std::vector<double> inverse_splines(std::uint32_t side) {
  std::vector<double> values(side / 2 + 1);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double turn = 2.0 * std::numbers::pi * static_cast<double>(k) / side;
    values[k] = std::pow((4.0 + 2.0 * std::cos(turn)) / 6.0, -2.0);
  }
  return values;
}

/// Transform of an even function: nodes but for the first and the middle one have a twin.
std::vector<double> even_cosines(std::uint32_t side) {
  const std::size_t count = side / 2 + 1;
  std::vector<double> values(count * count);
  for (std::size_t x = 0; x < count; ++x) {
    const double twins = x == 0 || x + 1 == count ? 1.0 : 2.0;
    for (std::size_t k = 0; k < count; ++k) {
      const double turns = static_cast<double>(x * k % side) / side;
      values[x * count + k] = twins * std::cos(2.0 * std::numbers::pi * turns);
    }
  }
  return values;
}

}  // namespace

SpaceRepulsionGrid::SpaceRepulsionGrid(double spacing, std::size_t points, kernels::Tail tail)
    : spacing_(static_cast<float>(spacing)),
      points_(points),
      tail_(tail),
      own_(space_own_force(spacing, double{tail.power})) {
  if (points > kernels::kMostPointsIn32Bits) charges_ = device::Buffer<std::uint64_t>();
}

void SpaceRepulsionGrid::resize(const device::Stream& stream, std::uint32_t side,
                                std::uint32_t levels, Interaction interaction) {
  side_ = side;
  volume_.layout = kernels::lay_out_box(side);
  volume_.line = line_.load(stream, side);
  const kernels::BoxLayout& layout = volume_.layout;
  shape_ = {
      .nodes = layout.nodes, .pitch = layout.pitch, .levels = levels, .coarsest_spacing = spacing_};
  // As in two dimensions: a point's own charge, and what the kernel minus one lacks.
  const auto n = static_cast<double>(points_);
  normalizer_offset_ = interaction == Interaction::plain ? -n * own_.energy : n * n - n;

  charge_copies_ = kernels::charge_copies();
  std::visit(
      [&](auto& charges) {
        if (make_room(charges, charge_copies_ * shape_.node_values())) {
          device::fill_with_zero(stream, charges.span());
        }
      },
      charges_);
  make_room(rows_, layout.rows.row_values());
  make_room(columns_, layout.columns.row_values());
  make_room(potential_, shape_.node_values());
  make_room(spectra_, levels * layout.columns.spectrum_values());
  make_room(unused_, kernels::energy_count(layout.columns));
  make_room(sums_, kernels::gathered_sum_count(points_));
  make_room(forces_, points_);
  volume_.rows = rows_.data();
  volume_.columns = columns_.data();
  volume_.unused = unused_.data();

  const std::size_t count = side / 2 + 1;
  const auto splines = device::to_device<double>(stream, inverse_splines(side));
  const auto cosines = device::to_device<double>(stream, even_cosines(side));
  device::Buffer<double> values(count * count * count);
  device::Buffer<double> scratch(count * count * count);
  float spacing = spacing_;
  for (std::uint32_t level = 0; level < levels; ++level, spacing *= 0.5f) {
    kernels::interaction_spectrum(
        stream, volume_, {splines.data(), cosines.data(), values.data(), scratch.data()},
        interaction, spacing, spectra_.data() + level * layout.columns.spectrum_values(), tail_);
  }
  stream.synchronize();  // the tables are about to be freed
}

void SpaceRepulsionGrid::compute(const device::Stream& stream, const kernels::SpacePoints& points,
                                 std::span<const kernels::SpaceBox> boxes,
                                 kernels::SpaceGeometry* geometry) {
  std::visit(
      [&](auto& buffer) {
        const auto charges = buffer.span().first(charge_copies_ * shape_.node_values());
        kernels::spread_charges(stream, points, points_, shape_, boxes, geometry, charges);
        kernels::convolve(stream, volume_, geometry, spectra_.data(),
                          1.f / kernels::charge_scale(points_), charges, potential_.data());
      },
      charges_);
  kernels::gather_forces(stream, points, points_, shape_, geometry, potential_.data(), own_,
                         forces_.data(), sums_.span());
}

kernels::SpaceRepulsion SpaceRepulsionGrid::repulsion() const {
  return {.forces = forces_.data(),
          .force_parts = 1,
          .normalizers = sums_.data(),
          .normalizer_count = static_cast<std::uint32_t>(kernels::gathered_sum_count(points_)),
          .normalizer_offset = normalizer_offset_};
}

}  // namespace hourglass::HOURGLASS_TARGET
