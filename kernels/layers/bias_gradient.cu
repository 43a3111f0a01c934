#include <algorithm>
#include <cstdint>

#include "kernels/layers/bias_gradient.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

/// Values of a channel that one warp sums: sixteen a lane, enough to hide that it waits for memory.
constexpr std::size_t kShare = 512;
constexpr std::size_t kMaxShares = 1024;  // longer ones beyond, so that their sums are few

struct Shares {
  std::size_t count;
  std::size_t length;  // of each but the last
};

Shares shares_of(const ChannelShape& shape) {
  const std::size_t values = shape.batch * shape.inner;
  const std::size_t length = std::max(kShare, simt::blocks_for(values, kMaxShares));
  return {simt::blocks_for(values, length), length};
}

// ------------------------------------------------------------------------------------- kernels

// One warp a share of a channel: its values first .. first + length - 1, counted over batch and
// cells. `plain`: a channel has one cell, so no division finds the image and the cell of a value.
template <bool plain>
__global__ void sum_shares_kernel(const float* __restrict__ dy, ChannelShape shape, Shares shares,
                                  float* __restrict__ sums) {
  const std::size_t values = shape.batch * shape.inner;
  const auto cells = static_cast<std::uint32_t>(shape.inner);
  for (const auto item : simt::warp_elements(shape.channels * shares.count)) {
    const std::size_t channel = item / shares.count;
    const std::size_t first = item % shares.count * shares.length;
    const std::size_t left = values - first;
    const auto length = static_cast<std::uint32_t>(left < shares.length ? left : shares.length);
    const float* from = dy + (first / shape.inner * shape.channels + channel) * shape.inner;
    const auto cell = static_cast<std::uint32_t>(first % shape.inner);  // where the share begins
    float sum = 0.f;
    for (std::uint32_t i = simt::lane(); i < length; i += simt::warp_thread_count()) {
      if constexpr (plain) {
        sum += from[i * shape.channels];
      } else {
        const std::uint32_t place = cell + i;
        sum += from[place / cells * shape.channels * shape.inner + place % cells];
      }
    }
    sum = simt::warp_sum(sum);
    if (simt::lane() == 0) sums[item] = sum;
  }
}

// One warp a channel.
__global__ void join_shares_kernel(const float* __restrict__ sums, std::uint32_t channels,
                                   std::uint32_t shares, float* __restrict__ dbias) {
  for (const auto channel : simt::warp_elements(channels)) {
    const float* own = sums + std::size_t{channel} * shares;
    float sum = 0.f;
    for (std::uint32_t s = simt::lane(); s < shares; s += simt::warp_thread_count()) sum += own[s];
    sum = simt::warp_sum(sum);
    if (simt::lane() == 0) dbias[channel] = sum;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

std::size_t bias_partial_count(const ChannelShape& shape) {
  const std::size_t shares = shares_of(shape).count;
  return shares == 1 ? 0 : shape.channels * shares;
}

void bias_gradient(simt::StreamHandle stream, const float* dy, const ChannelShape& shape,
                   std::span<float> partials, float* dbias) {
  const Shares shares = shares_of(shape);
  simt::launch(stream, simt::per_warp(shape.channels * shares.count),
               shape.inner == 1 ? sum_shares_kernel<true> : sum_shares_kernel<false>, dy, shape,
               shares, shares.count == 1 ? dbias : partials.data());
  if (shares.count == 1) return;
  simt::launch(stream, simt::per_warp(shape.channels), join_shares_kernel, partials.data(),
               simt::narrow(shape.channels), simt::narrow(shares.count), dbias);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
