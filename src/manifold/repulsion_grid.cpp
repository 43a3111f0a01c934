#include "manifold/repulsion_grid.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "manifold/make_room.hpp"
#include "manifold/own_force.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Interaction;

}  // namespace

RepulsionGrid::RepulsionGrid(double spacing, std::size_t points, kernels::Tail tail)
    : spacing_(static_cast<float>(spacing)),
      points_(points),
      tail_(tail),
      own_(own_force(spacing, double{tail.power})) {
  if (points > kernels::kMostPointsIn32Bits) charges_ = device::Buffer<std::uint64_t>();
}

void RepulsionGrid::resize(const device::Stream& stream, GridSides sides, std::uint32_t levels,
                           Interaction interaction) {
  sides_ = sides;
  plane_.layout = kernels::lay_out_plane(sides.x, sides.y);
  plane_.x = x_.load(stream, sides.x);
  plane_.y = y_.load(stream, sides.y);
  const kernels::PlaneLayout& layout = plane_.layout;
  shape_ = {.nodes_x = layout.nodes_x,
            .nodes_y = layout.nodes_y,
            .pitch = layout.pitch,
            .levels = levels,
            .coarsest_spacing = spacing_};
  const auto n = static_cast<double>(points_);
  if (interaction == Interaction::softened) {
    if (!near_) {
      near_.emplace(points_);
      own_ = softened_own_force(spacing_);
    }
    near_->resize(stream, layout.nodes_x, layout.nodes_y, spacing_);
  }
  // Each point's charge meets its own potential: that much is in Z, or 0 of the kernel minus one,
  // which in turn lacks 1 for each of N^2 pairs. And each point is near itself.
  normalizer_offset_ = interaction == Interaction::minus_one ? n * n - n : -n * own_.energy;
  if (near_) normalizer_offset_ -= n * NearField::own_energy();

  charge_copies_ = kernels::charge_copies();
  std::visit(
      [&](auto& charges) {
        if (make_room(charges, charge_copies_ * layout.node_values())) {
          device::fill_with_zero(stream, charges.span());
        }
      },
      charges_);
  make_room(rows_, layout.row_values());
  make_room(potential_, layout.node_values());
  make_room(spectra_, levels * layout.spectrum_values());
  make_room(energies_, normalizer_count());
  plane_.rows = rows_.data();
  float spacing = spacing_;
  for (std::uint32_t level = 0; level < levels; ++level, spacing *= 0.5f) {
    kernels::interaction_spectrum(stream, plane_, interaction, spacing,
                                  spectra_.data() + level * layout.spectrum_values(), tail_);
  }
}

void RepulsionGrid::compute(const device::Stream& stream, const kernels::Points& points,
                            std::span<const kernels::Box> boxes, kernels::Geometry* geometry) {
  const kernels::PlaneLayout& layout = plane_.layout;
  std::visit(
      [&](auto& buffer) {
        const auto charges = buffer.span().first(charge_copies_ * layout.node_values());
        kernels::spread_charges(stream, points, points_, shape_, boxes, geometry, charges);
        kernels::convolve(stream, plane_, geometry, spectra_.data(),
                          1.f / kernels::charge_scale(points_), charges, potential_.data(),
                          energies_.span().first(kernels::energy_count(layout)));
      },
      charges_);
  if (near_) {
    near_->compute(stream, points, geometry,
                   energies_.span().subspan(kernels::energy_count(layout), near_->sum_count()));
  }
}

std::size_t RepulsionGrid::normalizer_count() const {
  return kernels::energy_count(plane_.layout) + (near_ ? near_->sum_count() : 0);
}

kernels::Repulsion RepulsionGrid::repulsion() const {
  return {.potential = potential_.data(),
          .grid = shape_,
          .own = own_,
          .forces = near_ ? near_->forces() : nullptr,
          .force_parts = near_ ? 1U : 0U,
          .normalizers = energies_.data(),
          .normalizer_count = static_cast<std::uint32_t>(normalizer_count()),
          .normalizer_offset = normalizer_offset_};
}

}  // namespace hourglass::HOURGLASS_TARGET
