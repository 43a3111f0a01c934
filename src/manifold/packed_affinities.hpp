// The affinities as the iterations read them: kernels/affinities/packed.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/buffer.hpp"
#include "kernels/affinities/packed.hpp"

namespace hourglass::HOURGLASS_TARGET {

class PackedAffinityMatrix {
 public:
  /// Of a matrix with so many entries.
  PackedAffinityMatrix(const device::Stream& stream, const kernels::Affinities& affinities,
                       std::size_t points, std::size_t entries);

  [[nodiscard]] kernels::PackedAffinities view() const;

 private:
  device::Buffer<std::uint32_t> strong_;
  device::Buffer<std::uint32_t> weak_;
  device::Buffer<std::uint16_t> values_;
  device::Buffer<std::uint16_t> columns_;
  device::Buffer<std::uint32_t> wide_columns_;
  std::uint32_t base_;
};

}  // namespace hourglass::HOURGLASS_TARGET
