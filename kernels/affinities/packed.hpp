// Affinities as t-SNE's iterations read them: small, and the weak ones apart.
//
// An affinity is a 16-bit floating-point number of its own: no sign, 5 bits of exponent below the
// largest that N points can have, 1 / N, and 11 of fraction. Shifted and added to, it is a float.
// Columns take 16 bits where N does. Half of the entries hold one sixteenth of the mass; these weak
// ones lie behind all others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// The affinities, rows compressed: entries offsets[i] .. offsets[i + 1] are p_ij, j = columns[e].
struct Affinities {
  const std::uint32_t* offsets;
  const std::uint32_t* columns;
  const float* values;
};

/// Entries that a GPU's lane reads at once.
inline constexpr std::uint32_t kEntriesAtATime = 4;

/// Rows are filled up to whole vectors, or to what a lane reads at once, by entries of a point with
/// itself, which pulls nowhere.
struct PackedAffinities {
  const std::uint32_t* strong;  ///< (N + 1) offsets: strong[i] .. strong[i + 1]
  const std::uint32_t* weak;    ///< (N + 1), the same of the weak ones
  const std::uint16_t* values;
  const std::uint16_t* columns;       ///< null where N needs ...
  const std::uint32_t* wide_columns;  ///< ... 32 bits
  std::uint32_t base;                 ///< of values: see unpacked
};

/// The float's bits, for bit casts on either side.
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint32_t unpacked_bits(std::uint16_t value,
                                                                          std::uint32_t base) {
  return (std::uint32_t{value} << 12U) + base;
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
