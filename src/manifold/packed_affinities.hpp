// The affinities as the iterations read them: kernels/affinities/packed.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "device/buffer.hpp"
#include "kernels/affinities/packed.hpp"

namespace hourglass::HOURGLASS_TARGET {

class PackedAffinityMatrix {
 public:
  /// Of a matrix with so many entries.
  PackedAffinityMatrix(const device::Stream& stream, const kernels::Affinities& affinities,
                       std::size_t points, std::size_t entries);

  [[nodiscard]] kernels::PackedAffinities view() const;

  /// From the same affinities again, in the same memory, the points in another order: rows (N),
  /// also on the host, is the point at each place, places (N) the place of each point.
  void reorder(const device::Stream& stream, const kernels::Affinities& affinities,
               std::span<const std::uint32_t> host_rows, const std::uint32_t* rows,
               const std::uint32_t* places);

 private:
  float threshold_;
  std::vector<std::uint32_t> sizes_;       // of each point's strong part
  std::vector<std::uint32_t> weak_sizes_;  // and of its weak one
  device::Buffer<std::uint32_t> strong_;
  device::Buffer<std::uint32_t> weak_;
  device::Buffer<std::uint16_t> values_;
  device::Buffer<std::uint16_t> columns_;
  device::Buffer<std::uint32_t> wide_columns_;
  std::uint32_t base_;
};

}  // namespace hourglass::HOURGLASS_TARGET
