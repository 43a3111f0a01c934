// Packed affinities as a lane reads them: some entries at once.
#pragma once

#include <cstdint>

#include "kernels/affinities/packed.hpp"
#include "kernels/simt/lanes.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {

/// What a lane reads at once.
template <class T>
struct alignas(kEntriesAtATime * sizeof(T)) Pack {
  T at[kEntriesAtATime];
};

#ifndef __CUDACC__

/// n packed affinities, as one register.
template <int n>
struct PackedValues;
template <>
struct PackedValues<4> {
  using Type [[gnu::vector_size(8), gnu::may_alias, gnu::aligned(2)]] = std::uint16_t;
};
template <>
struct PackedValues<8> {
  using Type [[gnu::vector_size(16), gnu::may_alias, gnu::aligned(2)]] = std::uint16_t;
};
template <>
struct PackedValues<16> {
  using Type [[gnu::vector_size(32), gnu::may_alias, gnu::aligned(2)]] = std::uint16_t;
};

template <int n>
__forceinline__ lanes::Vector<n> unpacked(const std::uint16_t* values, std::uint32_t base) {
  using Ints = typename lanes::Registers<n>::Ints;
  using Packed = typename PackedValues<n>::Type;
  const auto whole = __builtin_convertvector(*reinterpret_cast<const Packed*>(values), Ints);
  return lanes::Vector<n>(
      typename lanes::Vector<n>::Floats((whole << 12) + static_cast<std::int32_t>(base)));
}

#endif

}  // namespace hourglass::HOURGLASS_TARGET::kernels
