// Where a map's points lie in memory: at first by row, later along a curve through the map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "device/buffer.hpp"
#include "kernels/tsne/map.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

class MapOrder {
 public:
  /// By row.
  explicit MapOrder(std::size_t points);

  /// Along the curve from now on, for points in the order so far, whose boxes these are: what else
  /// is in that order wants to be `rearrange`d.
  void follow_curve(math::Context& context, std::span<const kernels::Point> points,
                    std::span<const kernels::Box> boxes);
  /// From the order before to this one. `scratch` has room for as many.
  void rearrange(const device::Stream& stream, std::span<kernels::Point> values,
                 kernels::Point* scratch) const;

  [[nodiscard]] bool by_row() const { return host_rows_.empty(); }
  /// `points`, each to its row.
  void to_rows(const device::Stream& stream, const kernels::Point* points,
               kernels::Point* by_row) const;
  /// The row of the point at a place.
  [[nodiscard]] std::size_t row(std::size_t place) const {
    return by_row() ? place : host_rows_[place];
  }

  // Not by row:
  [[nodiscard]] std::span<const std::uint32_t> host_rows() const { return host_rows_; }
  [[nodiscard]] const std::uint32_t* rows() const { return rows_.data(); }
  [[nodiscard]] const std::uint32_t* places() const { return places_.data(); }

 private:
  std::vector<std::uint32_t> host_rows_;
  device::Buffer<std::uint64_t> keys_;
  device::Buffer<std::uint32_t> moves_;  // the place before, of the point at each place
  device::Buffer<std::uint32_t> rows_;   // the row of the point at each place
  device::Buffer<std::uint32_t> rows_before_;
  device::Buffer<std::uint32_t> places_;  // of each row
};

}  // namespace hourglass::HOURGLASS_TARGET
