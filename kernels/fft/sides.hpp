// Lengths that lines are transformed in, and the radices of their passes.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::fft {

/// length = first * middle * last. The first pass knows that half of a line is zero: it costs as
/// little as one of half its radix.
struct Radices {
  std::uint32_t first;   ///< twice one of kRadices
  std::uint32_t middle;  ///< one of kRadices, or 1: two passes
  std::uint32_t last;    ///< one of kRadices

  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint32_t length() const {
    return first * middle * last;
  }
};

/// What a thread transforms in its registers.
inline constexpr std::array<std::uint32_t, 9> kRadices = {4, 5, 6, 8, 9, 10, 12, 15, 16};

inline constexpr std::uint32_t kShortest = 64;
inline constexpr std::uint32_t kLongest = 8192;

/// Products of these radices from kShortest to kLongest, each some eighth larger than the last.
inline constexpr std::array<Radices, 49> kLines = {{
    {8, 1, 8},    {10, 1, 8},   {12, 1, 8},   {12, 1, 9},   {16, 1, 8},   {16, 1, 9},
    {16, 1, 10},  {18, 1, 10},  {16, 1, 12},  {18, 1, 12},  {16, 1, 15},  {16, 1, 16},
    {18, 1, 16},  {20, 1, 16},  {24, 1, 15},  {24, 1, 16},  {30, 1, 15},  {30, 1, 16},
    {32, 1, 16},  {12, 6, 8},   {10, 8, 8},   {12, 6, 10},  {12, 8, 8},   {12, 8, 9},
    {12, 8, 10},  {12, 9, 10},  {12, 8, 12},  {16, 8, 10},  {12, 10, 12}, {16, 10, 10},
    {16, 9, 12},  {16, 10, 12}, {18, 10, 12}, {16, 12, 12}, {16, 10, 16}, {20, 12, 12},
    {16, 12, 16}, {20, 10, 16}, {18, 12, 16}, {20, 12, 16}, {24, 12, 15}, {30, 10, 16},
    {32, 10, 16}, {24, 15, 16}, {24, 16, 16}, {30, 15, 15}, {30, 15, 16}, {30, 16, 16},
    {32, 16, 16},
}};

}  // namespace hourglass::HOURGLASS_TARGET::fft
