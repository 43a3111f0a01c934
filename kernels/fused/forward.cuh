// The forward phases. Maps and weights lie as network.hpp and derive.cuh say.
#pragma once

#include <hourglass/loss.hpp>

#include "kernels/fused/loops.cuh"

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

// ---- Winograd F(2 x 2, 3 x 3): A. Lavin, S. Gray, "Fast algorithms for convolutional neural
// networks",
// ---- CVPR 2016. A tile is 2 x 2 outputs, which is a pooling window: 16 products instead of 36.

/// Row p of B^T d, from the rows of d.
template <int p>
struct WinogradRow {
  static constexpr int kFirst = p == 0 ? 0 : p == 2 ? 2 : 1;
  static constexpr int kSecond = p == 2 ? 1 : p == 3 ? 3 : 2;

  template <class F>
  __device__ static __forceinline__ F of(F first, F second) {
    if constexpr (p == 1) {
      return first + second;
    } else {
      return first - second;
    }
  }
};

/// Row p of B^T d B, for the 4 x 4 cells d whose first is *x.
template <int p, class F>
__device__ __forceinline__ void winograd_row(const F* x, int row, F (&u)[4]) {
  using Row = WinogradRow<p>;
  const F* first = x + Row::kFirst * row;
  const F* second = x + Row::kSecond * row;
  F e[4];
  unrolled<4>([&](auto b) { e[b] = Row::of(first[b], second[b]); });
  u[0] = e[0] - e[2];
  u[1] = e[1] + e[2];
  u[2] = e[2] - e[1];
  u[3] = e[1] - e[3];
}

/// What row p of B^T d B adds to 2 x 2 outputs of four channels.
template <int p, class F>
__device__ __forceinline__ void add_winograd_row(Planes<const F> in, int inputs, const F* x,
                                                 const float* weights, F (&y)[4][4]) {
  F m[4][4];
  unrolled<16>([&](auto k) { m[k / 4][k % 4] = 0.f; });
  const float* w = weights + p * 16;
  for (int c = 0; c < inputs; ++c) {
    F u[4];
    winograd_row<p>(x, in.row, u);
    unrolled<4>([&](auto k) {
      const auto four = weights_at<4>(w + k * 4);
      unrolled<4>([&](auto o) { m[o][k] = fma(u[k], F(four[o]), m[o][k]); });
    });
    x += in.plane;
    w += 64;
  }
  unrolled<4>([&](auto o) {
    const F left = m[o][0] + m[o][1] + m[o][2];
    const F right = m[o][1] - m[o][2] - m[o][3];
    if constexpr (p == 0) {
      y[o][0] = left;
      y[o][1] = right;
    } else if constexpr (p == 1) {
      y[o][0] += left;
      y[o][1] += right;
      y[o][2] = left;
      y[o][3] = right;
    } else if constexpr (p == 2) {
      y[o][0] += left;
      y[o][1] += right;
      y[o][2] -= left;
      y[o][3] -= right;
    } else {
      y[o][2] -= left;
      y[o][3] -= right;
    }
  });
}

/// 2 x 2 outputs of four channels: y[channel][row * 2 + column], from weights [input][16][4]. Row
/// by row of the transform, so that 32 vectors are enough.
template <class F>
__device__ __forceinline__ void winograd_tile(Planes<const F> in, int inputs, int y0, int x0,
                                              const float* weights, F (&y)[4][4]) {
  const F* x = in.corner(0, y0, x0);
  add_winograd_row<0>(in, inputs, x, weights, y);
  add_winograd_row<1>(in, inputs, x, weights, y);
  add_winograd_row<2>(in, inputs, x, weights, y);
  add_winograd_row<3>(in, inputs, x, weights, y);
}

/// The largest of a window, with its bias, through the relu; the first of equals wins.
template <class L>
__device__ __forceinline__ void relu_and_pool(const typename L::Value (&y)[4], float bias,
                                              typename L::Value* pooled,
                                              typename L::Winner* winner) {
  using F = typename L::Value;
  const auto right_above = greater(y[1], y[0]);
  const auto right_below = greater(y[3], y[2]);
  const F above = max(y[0], y[1]);
  const F lower = max(y[2], y[3]);
  const auto is_below = greater(lower, above);
  *pooled = max(max(above, lower) + F(bias), F(0.f));
  *winner = pack(is_below, select(is_below, right_below, right_above));
}

/// Convolution, relu and pooling of images of one channel: a window's transform serves all outputs.
template <class L>
__device__ __phase__ void first_convolution(const Block<L>& block, const Convolution& own,
                                            const Maps& input, const Maps& output,
                                            int first_winner) {
  using F = typename L::Value;
  const auto in = block.planes(input);
  const auto out = block.planes(output);
  const float* weights = block.derived + own.forward;
  const float* bias = block.derived + own.bias_copy;
  const int windows = output.height * output.width;
  each<L>(1, output.height, output.width, [&](int, int i, int j) {
    const F* x = in.corner(0, 2 * i, 2 * j);
    F u[4][4];
    unrolled<4>([&](auto p) { winograd_row<p>(x, in.row, u[p]); });
    F* pooled = out.cell(0, i, j);
    auto* winner = block.winners + first_winner + i * output.width + j;
    for (int o = 0; o < output.channels; ++o) {
      F left[4];
      F right[4];
      unrolled<4>([&](auto p) {
        const auto w = weights_at<4>(weights + o * 16 + 4 * p);
        const F m1 = u[p][1] * F(w[1]);
        const F m2 = u[p][2] * F(w[2]);
        left[p] = fma(u[p][0], F(w[0]), m1 + m2);
        right[p] = (m1 - m2) - u[p][3] * F(w[3]);
      });
      const F y[4] = {left[0] + (left[1] + left[2]), right[0] + (right[1] + right[2]),
                      (left[1] - left[2]) - left[3], (right[1] - right[2]) - right[3]};
      relu_and_pool<L>(y, bias[o], pooled + o * out.plane, winner + o * windows);
    }
  });
}

/// Convolution, relu and pooling of several channels.
template <class L>
__device__ __phase__ void pooled_convolution(const Block<L>& block, const Convolution& own,
                                             const Maps& input, const Maps& output,
                                             int first_winner) {
  using F = typename L::Value;
  const auto in = block.planes(input);
  const auto out = block.planes(output);
  const float* weights = block.derived + own.forward;
  const float* bias = block.derived + own.bias_copy;
  each<L>(output.height, output.width, output.channels / 4, [&](int i, int j, int tile) {
    F y[4][4];
    winograd_tile<F>({in.data, in.row, in.plane}, input.channels, 2 * i, 2 * j,
                     weights + tile * input.channels * 64, y);
    unrolled<4>([&](auto k) {
      const int o = tile * 4 + k;
      relu_and_pool<L>(y[k], bias[o], out.cell(o, i, j),
                       block.winners + first_winner + (o * output.height + i) * output.width + j);
    });
  });
}

// ---- plain --------------------------------------------------------------------------------------

/// 3 x 3 convolution, two outputs and a stretch of a row an item; finish(channel, row, column,
/// value).
template <class L, class Finish>
__device__ __forceinline__ void convolve(const Block<L>& block, const Maps& input,
                                         const Maps& output, const float* weights,
                                         Finish&& finish) {
  using F = typename L::Value;
  const auto in = block.planes(input);
  const int pairs = output.channels / 2;
  with_row_tile<L>(output.width, output.height * pairs, [&](auto width) {
    each<L>(output.height, pairs, output.width / width, [&](int i, int pair, int part) {
      const int j0 = part * width;
      F sums[width][2];
      unrolled<width * 2>([&](auto k) { sums[k / 2][k % 2] = 0.f; });
      const F* x = in.corner(0, i, j0);
      const float* w = weights + pair * input.channels * 18;
      for (int c = 0; c < input.channels; ++c) {
        for (int ky = 0; ky < 3; ++ky) {
          const F* cells = x + ky * in.row;
          F v[width + 2];
          unrolled<width + 2>([&](auto j) { v[j] = in_register(cells[j]); });
          unrolled<3>([&](auto kx) {
            const auto taps = weights_at<2>(w + (ky * 3 + kx) * 2);
            unrolled<2>([&](auto o) {
              const F tap = taps[o];
              unrolled<width>([&](auto j) { sums[j][o] = fma(tap, v[j + kx], sums[j][o]); });
            });
          });
        }
        x += in.plane;
        w += 18;
      }
      unrolled<width * 2>(
          [&](auto k) { finish(pair * 2 + k % 2, i, j0 + k / 2, sums[k / 2][k % 2]); });
    });
  });
}

/// Convolution and relu.
template <class L>
__device__ __phase__ void plain_convolution(const Block<L>& block, const Convolution& own,
                                            const Maps& input, const Maps& output) {
  using F = typename L::Value;
  const auto out = block.planes(output);
  const float* bias = block.derived + own.bias_copy;
  convolve(block, input, output, block.derived + own.forward, [&](int o, int i, int j, F value) {
    *out.cell(o, i, j) = max(value + F(bias[o]), F(0.f));
  });
}

// ---- upsampled ----------------------------------------------------------------------------------

/// 3 x 3 convolution of the upsampled input: four 2 x 2 ones of the input itself, one for each
/// corner of a large cell. An item is a stretch of a row, one output, one of the two rows of large
/// cells there: finish(channel, large row, first large column, width constant, values[small
/// column][column phase]).
template <class L, class Finish>
__device__ __forceinline__ void convolve_upsampled(const Block<L>& block, const Maps& input,
                                                   int outputs, const float* weights,
                                                   Finish&& finish) {
  using F = typename L::Value;
  const auto in = block.planes(input);
  with_row_tile<L>(input.width, input.height * outputs * 2, [&](auto width) {
    each_by_strips<L>(
        input.height, outputs * 2, input.width / width, [&](int i, int half, int part) {
          const int j0 = part * width;
          const int r = half % 2;
          F sums[width][2];
          unrolled<width * 2>([&](auto k) { sums[k / 2][k % 2] = 0.f; });
          const F* x = in.corner(0, i + r, j0);
          const float* w = weights + half * input.channels * 8;
          for (int c = 0; c < input.channels; ++c) {
            unrolled<2>([&](auto a) {
              const F* cells = x + a * in.row;
              F v[width + 2];
              unrolled<width + 2>([&](auto j) { v[j] = in_register(cells[j]); });
              const auto taps = weights_at<4>(w + a * 4);
              unrolled<4>([&](auto t) {
                constexpr int s = t / 2;
                const F tap = taps[t];
                unrolled<width>(
                    [&](auto j) { sums[j][s] = fma(tap, v[j + s + t % 2], sums[j][s]); });
              });
            });
            x += in.plane;
            w += 8;
          }
          finish(half / 2, 2 * i + r, 2 * j0, width, sums);
        });
  });
}

/// Upsampling, convolution and relu.
template <class L>
__device__ __phase__ void upsampled_convolution(const Block<L>& block, const Convolution& own,
                                                const Maps& input, const Maps& output) {
  using F = typename L::Value;
  const auto out = block.planes(output);
  const float* bias = block.derived + own.bias_copy;
  convolve_upsampled(
      block, input, output.channels, block.derived + own.forward,
      [&](int o, int i, int j, auto width, const auto& values) {
        F* y = out.cell(o, i, j);
        const F b = bias[o];
        unrolled<width * 2>([&](auto k) { y[k] = max(values[k / 2][k % 2] + b, F(0.f)); });
      });
}

// ---- loss ---------------------------------------------------------------------------------------

/// The loss of some logits, one a pixel (see kernels/layers/loss.cu), and its gradients, in their
/// place.
template <int n, class F>
__device__ __forceinline__ F bce_of(const F* target, F (&logits)[n]) {
  F loss = 0.f;
  F product = 1.f;  // of up to 14 numbers from 1 to 2, whose logarithms are wanted
  unrolled<n>([&](auto k) {
    const F z = logits[k];
    const F x = target[k];
    const F e = exp(F(0.f) - max(z, F(0.f) - z));
    const F d = e + F(1.f);
    loss += max(z, F(0.f)) - z * x;
    product *= d;
    logits[k] = select(greater(z, F(0.f)), F(1.f), e) / d - x;
  });
  return loss + log(product);
}
template <int n, class F>
__device__ __forceinline__ F mse_of(const F* target, F (&logits)[n]) {
  F loss = 0.f;
  unrolled<n>([&](auto k) {
    const F z = logits[k];
    const F e = exp(F(0.f) - max(z, F(0.f) - z));
    const F p = select(greater(z, F(0.f)), F(1.f), e) / (e + F(1.f));
    const F error = p - target[k];
    loss += error * error;
    logits[k] = F(2.f) * error * p * (F(1.f) - p);
  });
  return loss;
}

/// The last convolution, the loss of its logits and their gradient times `scale`. `live` is one for
/// lanes that hold an image and zero for others. Returns the loss summed over the pixels and images
/// of this thread.
template <class L>
__device__ __phase__ double last_convolution(const Block<L>& block, Loss kind, float scale,
                                             typename L::Value live) {
  using F = typename L::Value;
  const Network& net = block.net;
  const auto clean = block.planes(net.clean);
  const auto delta = block.planes(net.delta);
  const float* bias = block.derived + net.last().bias_copy;
  const F weight = live * F(scale);
  double loss = 0.0;
  convolve_upsampled(
      block, net.decoded[net.depth - 1], net.delta.channels, block.derived + net.last().forward,
      [&](int o, int i, int j, auto width, const auto& values) __attribute__((always_inline)) {
        constexpr int n = width * 2;
        const F* target = clean.cell(o, i, j);
        F* gradient = delta.cell(o, i, j);
        const F b = bias[o];
        F z[n];
        unrolled<n>([&](auto k) { z[k] = values[k / 2][k % 2] + b; });
        const F part = kind == Loss::bce ? bce_of<n>(target, z) : mse_of<n>(target, z);
        unrolled<n>([&](auto k) { gradient[k] = z[k] * weight; });
        loss += static_cast<double>(sum(part * live));
      });
  return loss;
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused
