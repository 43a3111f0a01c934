// What is drawn from a seed, as a function of where it goes: the same on either side.
#pragma once

#include <cstdint>

#include "kernels/data/philox.hpp"
#include "kernels/data/random_stream.hpp"
#include "kernels/simt/host_device.hpp"

namespace hourglass {

/// Sorting the keys of all images shuffles them: 32 random bits of (seed, epoch, i) above, i below.
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::uint64_t shuffle_key(std::uint64_t seed,
                                                                        std::uint64_t epoch,
                                                                        std::uint32_t i) {
  const PhiloxBlock random = Philox{seed}(i, stream_number(RandomStream::shuffle, epoch));
  return (std::uint64_t{random[0]} << 32U) | i;
}

/// Weight i of a tensor whose weights are uniform in +-limit.
[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr float fresh_weight(std::uint64_t seed,
                                                                 std::uint64_t tensor,
                                                                 std::uint64_t i, float limit) {
  const PhiloxBlock random = Philox{seed}(i, stream_number(RandomStream::initial_weights, tensor));
  return limit * (2.f * uniform(random[0]) - 1.f);  // in any contraction: 2 x is exact
}

}  // namespace hourglass
