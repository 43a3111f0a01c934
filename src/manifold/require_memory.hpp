// Says before the work begins that there is not memory enough for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace hourglass {

/// Of device memory, for each neighbour of each row, in a search: its index and its distance ...
inline constexpr std::size_t kBytesOfNeighbor = 8;
/// ... and in a map: an affinity, and one as the iterations read it. Their transposes, up to as
/// much again, are not counted.
inline constexpr std::size_t kBytesOfAffinity = 12;

/// Error where so many rows with so many neighbours each are sure to need more than the bytes that
/// are free, if that is known.
void require_memory(std::size_t rows, std::size_t neighbors, std::size_t bytes_of_neighbor,
                    std::optional<std::uint64_t> free);

}  // namespace hourglass
