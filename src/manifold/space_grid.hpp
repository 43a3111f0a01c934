// The grid that the repulsion of a map in three dimensions is computed on, while one holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "device/buffer.hpp"
#include "kernels/space/convolve.hpp"
#include "kernels/space/move.hpp"
#include "kernels/space/own_force.hpp"
#include "manifold/line_tables.hpp"

namespace hourglass::HOURGLASS_TARGET {

class SpaceRepulsionGrid {
 public:
  /// For maps of so many points at this spacing. Has no side yet.
  SpaceRepulsionGrid(double spacing, std::size_t points, kernels::Tail tail);

  /// Takes this side, of fft::kLines, of its padded box; a grid with levels halves its spacing so
  /// many times less one, as the map allows.
  void resize(const device::Stream& stream, std::uint32_t side, std::uint32_t levels,
              kernels::Interaction interaction);
  /// 0: none yet.
  [[nodiscard]] std::uint32_t side() const { return side_; }

  /// The forces on the points. Begins an iteration: see spread_charges.
  void compute(const device::Stream& stream, const kernels::SpacePoints& points,
               std::span<const kernels::SpaceBox> boxes, kernels::SpaceGeometry* geometry);
  [[nodiscard]] kernels::SpaceRepulsion repulsion() const;

 private:
  float spacing_;
  std::size_t points_;
  kernels::Tail tail_;
  SpaceOwnForce own_;
  std::uint32_t side_ = 0;
  kernels::SpaceGrid shape_{};
  kernels::SpaceVolume volume_{};
  std::uint32_t charge_copies_ = 0;
  LineTables line_;
  /// All zero between iterations.
  std::variant<device::Buffer<std::uint32_t>, device::Buffer<std::uint64_t>> charges_;
  device::Buffer<float> rows_;
  device::Buffer<float> columns_;
  device::Buffer<float> potential_;
  device::Buffer<float> spectra_;  // one a level
  device::Buffer<double> unused_;
  device::Buffer<double> sums_;  // of potentials
  device::Buffer<kernels::SpacePoint> forces_;
  double normalizer_offset_ = 0.0;
};

}  // namespace hourglass::HOURGLASS_TARGET
