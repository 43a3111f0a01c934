// Memory of the repulsion that a softened grid leaves out: kernels/tsne/near_field.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "device/buffer.hpp"
#include "kernels/tsne/near_field.hpp"

namespace hourglass::HOURGLASS_TARGET {

class NearField {
 public:
  explicit NearField(std::size_t points);

  /// For maps on a grid of so many nodes at this spacing.
  void resize(const device::Stream& stream, std::uint32_t nodes_x, std::uint32_t nodes_y,
              float spacing);

  /// Partial sums of the normalisation that compute writes.
  [[nodiscard]] std::size_t sum_count() const { return cells_.rows - 2; }
  void compute(const device::Stream& stream, const kernels::Points& points,
               const kernels::Geometry* geometry, std::span<double> sums);
  /// (N), as of the last compute.
  [[nodiscard]] const kernels::Point* forces() const { return forces_.data(); }

  /// What a point with itself adds to the sums.
  [[nodiscard]] static double own_energy();

 private:
  std::size_t points_;
  kernels::NearCells cells_{};
  device::Buffer<std::uint32_t> cell_, counts_, starts_, sorted_;
  device::Buffer<float> x_, y_;
  device::Buffer<kernels::Point> forces_;
};

/// Points in a point's cell, as wide as the near radius, itself among them: the mean over points.
[[nodiscard]] double points_in_cells(std::span<const kernels::Point> points);

}  // namespace hourglass::HOURGLASS_TARGET
