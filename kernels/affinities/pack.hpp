// Packs the affinities for the iterations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/affinities/packed.hpp"
#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Entries that rows are filled up to a multiple of, as the launch of the moment wants it.
[[nodiscard]] std::uint32_t packed_unit();

/// `base` for N points.
[[nodiscard]] std::uint32_t packed_base(std::size_t points);

/// sample[i] = values[i * step].
void sample_values(simt::StreamHandle stream, const float* values, std::size_t step,
                   std::span<float> sample);

/// sizes (N): entries of each row's strong part, packed; weak_sizes: of its weak part. An entry is
/// strong from `threshold` on; what fills up a strong part are weak entries.
void count_packed(simt::StreamHandle stream, const Affinities& affinities, std::size_t points,
                  float threshold, std::uint32_t* sizes, std::uint32_t* weak_sizes);

/// Writes what `packed` points to, whose offsets are there. Its row i is point rows[i]'s, and its
/// column of point j is places[j]; without them points are where they were.
void pack_affinities(simt::StreamHandle stream, const Affinities& affinities, std::size_t points,
                     float threshold, const PackedAffinities& packed, std::uint16_t* values,
                     std::uint16_t* columns, std::uint32_t* wide_columns,
                     const std::uint32_t* rows = nullptr, const std::uint32_t* places = nullptr);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
