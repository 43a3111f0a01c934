// Philox4x32-10: random numbers as a function of a key and a counter, the same everywhere.
//
// Nothing is drawn in an order: number n of stream k is computed, on either side, by whoever needs
// it. J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011, doi:10.1145/2063384.2063405.
#pragma once

#include <cstdint>

#include "kernels/simt/host_device.hpp"

namespace hourglass {

/// Four independent words of 32 random bits.
struct PhiloxBlock {
  std::uint32_t word[4];

  HOURGLASS_HOST_DEVICE constexpr std::uint32_t operator[](int i) const { return word[i]; }
};

struct Philox {
  std::uint64_t key;

  /// The block with this 128-bit number. All blocks of all keys are independent of each other.
  HOURGLASS_HOST_DEVICE constexpr PhiloxBlock operator()(std::uint64_t counter_lo,
                                                         std::uint64_t counter_hi = 0) const {
    std::uint32_t x0 = low(counter_lo);
    std::uint32_t x1 = high(counter_lo);
    std::uint32_t x2 = low(counter_hi);
    std::uint32_t x3 = high(counter_hi);
    std::uint32_t k0 = low(key);
    std::uint32_t k1 = high(key);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53U} * x0;
      const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * x2;
      x0 = high(b) ^ x1 ^ k0;
      x1 = low(b);
      x2 = high(a) ^ x3 ^ k1;
      x3 = low(a);
      k0 += 0x9E3779B9U;  // the golden ratio
      k1 += 0xBB67AE85U;  // sqrt(3) - 1
    }
    return {{x0, x1, x2, x3}};
  }

 private:
  HOURGLASS_HOST_DEVICE static constexpr std::uint32_t low(std::uint64_t x) {
    return static_cast<std::uint32_t>(x);
  }
  HOURGLASS_HOST_DEVICE static constexpr std::uint32_t high(std::uint64_t x) {
    return static_cast<std::uint32_t>(x >> 32U);
  }
};

/// From 32 random bits a float in [0, 1), one of 2^24 evenly spaced ones.
HOURGLASS_HOST_DEVICE constexpr float uniform(std::uint32_t bits) {
  return static_cast<float>(bits >> 8U) * 0x1p-24F;
}

}  // namespace hourglass
