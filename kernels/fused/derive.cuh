// Derived weights: the parameters in the forms that the phases read, made anew each step. Outputs
// (or, for the backward forms, inputs) lie together in the tiles that an item computes.
#pragma once

#include "kernels/fused/loops.cuh"

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

/// G k G^T of Winograd's F(2 x 2, 3 x 3): 16 values, `stride` apart. `flipped`: k turned by 180
/// degrees.
__device__ __forceinline__ void winograd_weights(const float* k, bool flipped, float* out,
                                                 int stride) {
  const auto at = [&](int y, int x) { return flipped ? k[8 - 3 * y - x] : k[3 * y + x]; };
  float rows[4][3];
  unrolled<3>([&](auto x) {
    const float a = at(0, x);
    const float b = at(1, x);
    const float c = at(2, x);
    rows[0][x] = a;
    rows[1][x] = 0.5f * (a + b + c);
    rows[2][x] = 0.5f * (a - b + c);
    rows[3][x] = c;
  });
  unrolled<4>([&](auto y) {
    const float a = rows[y][0];
    const float b = rows[y][1];
    const float c = rows[y][2];
    out[(4 * y) * stride] = a;
    out[(4 * y + 1) * stride] = 0.5f * (a + b + c);
    out[(4 * y + 2) * stride] = 0.5f * (a - b + c);
    out[(4 * y + 3) * stride] = c;
  });
}

/// The four 2 x 2 kernels that a 3 x 3 kernel is to an upsampled map: out[row phase][stride apart]
/// [row tap][column phase][column tap], each the sum of the taps that meet the same small cell.
__device__ __forceinline__ void phase_weights(const float* k, float* out, int stride) {
  const auto first = [](int phase, int tap) { return tap == 0 ? 0 : phase == 0 ? 1 : 2; };
  const auto last = [](int phase, int tap) { return tap == 1 ? 2 : phase == 0 ? 0 : 1; };
  unrolled<16>([&](auto index) {
    constexpr int r = index / 8;
    constexpr int a = index / 4 % 2;
    constexpr int s = index / 2 % 2;
    constexpr int b = index % 2;
    float sum = 0.f;
    for (int y = first(r, a); y <= last(r, a); ++y) {
      for (int x = first(s, b); x <= last(s, b); ++x) sum += k[3 * y + x];
    }
    out[r * stride + index % 8] = sum;
  });
}

/// Channels of a layer's derived weights: with those that only fill a tile.
struct Channels {
  int inputs;
  int outputs;
};
__device__ __forceinline__ Channels derived_channels(const Network& net, int layer) {
  const Convolution& own = net.convolution[layer];
  return {layer == 0 ? own.inputs : padded(own.inputs),
          layer == 2 * net.depth ? own.outputs : padded(own.outputs)};
}

/// Those of input c and output o. What only fills a tile is zero.
__device__ __forceinline__ void derive_kernel(const Network& net, int layer, int o, int c,
                                              const float* parameters, float* derived) {
  const Convolution& own = net.convolution[layer];
  const auto [inputs, outputs] = derived_channels(net, layer);
  float* forward = derived + own.forward;
  float* backward = derived + own.backward;
  const bool real = o < own.outputs && c < own.inputs;
  float k[9];
  unrolled<9>(
      [&](auto t) { k[t] = real ? parameters[own.weight + (o * own.inputs + c) * 9 + t] : 0.f; });
  if (c == 0) derived[own.bias_copy + o] = o < own.outputs ? parameters[own.bias + o] : 0.f;
  if (layer < net.depth) {
    // [output / 4][input][16][4], for one input [output][16]; backward
    // [input / 4][output][16][4]
    if (inputs == 1) {
      winograd_weights(k, false, forward + o * 16, 1);
    } else {
      winograd_weights(k, false, forward + (o / 4 * inputs + c) * 64 + o % 4, 4);
    }
    if (layer > 0) winograd_weights(k, true, backward + (c / 4 * outputs + o) * 64 + c % 4, 4);
  } else if (layer == net.depth) {
    // [output / 2][input][9][2]; backward [input / 2][output][9][2]
    unrolled<9>([&](auto t) {
      forward[((o / 2 * inputs + c) * 9 + t) * 2 + o % 2] = k[t];
      backward[((c / 2 * outputs + o) * 9 + 8 - t) * 2 + c % 2] = k[t];
    });
  } else {
    // [output][row phase][input][8]; backward [output][input / 2][9][2]
    phase_weights(k, forward + (o * 2 * inputs + c) * 8, inputs * 8);
    unrolled<9>([&](auto t) { backward[((o * inputs + c) / 2 * 9 + t) * 2 + c % 2] = k[t]; });
  }
}

/// All of them, of all layers at once: they do not depend on each other.
template <class L>
__device__ __phase__ void derive_weights(const Block<L>& block, const float* parameters) {
  const Network& net = block.net;
  const auto kernels_of = [&](int layer) {
    const Channels channels = derived_channels(net, layer);
    return channels.inputs * channels.outputs;
  };
  int kernels = 0;
  for (int layer = 0; layer < net.convolutions(); ++layer) kernels += kernels_of(layer);
  each<L>(1, 1, kernels, [&](int, int, int item) {
    int layer = 0;
    for (; item >= kernels_of(layer); ++layer) item -= kernels_of(layer);
    const int inputs = derived_channels(net, layer).inputs;
    derive_kernel(net, layer, item / inputs, item % inputs, parameters, block.derived);
  });
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused
