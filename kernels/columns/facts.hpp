// What must be known of rows before anything is made of them: one pass over the data for all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/simt/launch_config.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// Of a group of rows; of all of them, the larger ones of each.
struct GroupFacts {
  std::uint32_t largest = 0;   ///< the bits of the largest magnitude, infinities and NaNs above all
  std::uint32_t differ = 0;    ///< 1 where a value differs from that of the first row
  std::uint32_t negative = 0;  ///< 1 where a value is below 0
};

/// Groups of rows that `row_facts` looks at, one block each.
[[nodiscard]] std::size_t fact_groups(std::size_t rows);

/// Of x (rows, columns); facts: fact_groups(rows).
void row_facts(simt::StreamHandle stream, const float* x, std::size_t rows, std::size_t columns,
               std::span<GroupFacts> facts);

/// y[i] = factor * x[i].
void scale(simt::StreamHandle stream, std::span<const float> x, float factor, float* y);

}  // namespace hourglass::HOURGLASS_TARGET::kernels
