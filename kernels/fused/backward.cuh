// The backward phases: from the gradients of the logits to those of all parameters. A map's
// gradient takes the map's place as soon as nobody needs the map; it is masked by the map's relu on
// the way.
//
// `Sink` takes what is summed up: sink(index in the flat parameters, gradient summed over the
// lanes).
#pragma once

#include "kernels/fused/forward.cuh"
#include "kernels/fused/loops.cuh"

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

// ---- upsampled ----------------------------------------------------------------------------------

/// What each tap of a small cell sees of the large cells' gradients, of which `corner` is the first
/// (the frame counted in): h[ky * 3 + kx] is a sum of 2 x 2. With it dW = sum over cells x h, and
/// dx = sum over taps w h: 9 products each where the upsampled map wants 36.
template <class F>
__device__ __forceinline__ void expand_cell(const F* corner, int row, F* h) {
  const F* const cells[4] = {corner, corner + row, corner + 2 * row, corner + 3 * row};
  F t[3][4];
  unrolled<4>([&](auto x) {
    const F above = cells[0][x];
    const F upper = cells[1][x];
    const F lower = cells[2][x];
    const F under = cells[3][x];
    t[0][x] = lower + under;
    t[1][x] = upper + lower;
    t[2][x] = above + upper;
  });
  unrolled<3>([&](auto y) {
    h[3 * y] = t[y][2] + t[y][3];
    h[3 * y + 1] = t[y][1] + t[y][2];
    h[3 * y + 2] = t[y][0] + t[y][1];
  });
}

/// Weights' and biases' gradients from `expanded` [output][cell][9]: 3 taps of `tile` inputs an
/// item. What the middle tap sees of all cells is the bias's.
template <class L, int tile, class Sink>
__device__ __forceinline__ void upsampled_weight_gradient(
    const Convolution& own, Planes<typename L::Value> x, int inputs,
    const typename L::Value* expanded, int first_output, int outputs, int first_row, int rows,
    int columns, const Turn<typename L::Value>& turn, const Sink& sink) {
  using F = typename L::Value;
  constexpr int kBias = 3 * tile;
  sum_over_cells<L, kBias + 1>(
      outputs, 3, inputs / tile, rows, columns, turn,
      [&](int o, int ky, int part, int i, int j, F(&sums)[kBias + 1]) {
        const F* h = expanded + ((o * rows + i) * columns + j) * 9 + ky * 3;
        const F h0 = in_register(h[0]);
        const F h1 = in_register(h[1]);
        const F h2 = in_register(h[2]);
        const F* cells = x.cell(part * tile, first_row + i, j);
        unrolled<tile>([&](auto c) {
          const F value = in_register(cells[c * x.plane]);
          sums[c] = fma(h0, value, sums[c]);
          sums[tile + c] = fma(h1, value, sums[tile + c]);
          sums[2 * tile + c] = fma(h2, value, sums[2 * tile + c]);
        });
        sums[kBias] += h1;
      },
      [&](int o, int ky, int part, F(&sums)[kBias + 1]) {
        if (ky == 1 && part == 0) sink(own.bias + first_output + o, sum(sums[kBias]));
        unrolled<3 * tile>([&](auto k) {
          const int c = part * tile + k % tile;
          if (c >= own.inputs) return;
          sink(own.weight + ((first_output + o) * own.inputs + c) * 9 + ky * 3 + k / tile,
               sum(sums[k]));
        });
      });
}

/// The convolution of the upsampled `input`: its parameters' gradients, and the input's into
/// `below`.
template <class L, class Sink>
__device__ __phase__ void upsampled_backward(const Block<L>& block, const Convolution& own,
                                             const Maps& gradient, const Maps& input,
                                             const Maps& below, const Sink& sink) {
  using F = typename L::Value;
  const Network& net = block.net;
  const auto g = block.planes(gradient);
  const auto x = block.planes(input);
  const auto dx = block.planes(below);
  const float* weights = block.derived + own.backward;
  F* expanded = block.values + net.expanded;
  const int columns = input.width;
  const int outputs = limited(own.outputs, net.plan.chunk_outputs);
  const int all_rows = limited(input.height, net.plan.chunk_rows);

  for (int o0 = 0; o0 < own.outputs; o0 += outputs) {
    const int here = o0 + outputs <= own.outputs ? outputs : own.outputs - o0;
    for (int i0 = 0; i0 < input.height; i0 += all_rows) {
      const int rows = i0 + all_rows <= input.height ? all_rows : input.height - i0;
      each<L>(here, rows, columns, [&](int o, int i, int j) {
        expand_cell(g.corner(o0 + o, 2 * (i0 + i), 2 * j), g.row,
                    expanded + ((o * rows + i) * columns + j) * 9);
      });

      const Turn<F> turn{i0 == 0, i0 + rows == input.height, block.values + net.carried};
      if (input.channels % 8 == 0) {
        upsampled_weight_gradient<L, 8>(own, x, input.channels, expanded, o0, here, i0, rows,
                                        columns, turn, sink);
      } else {
        upsampled_weight_gradient<L, 4>(own, x, input.channels, expanded, o0, here, i0, rows,
                                        columns, turn, sink);
      }

      const int pairs = input.channels / 2;
      with_row_tile<L>(columns, rows * pairs, [&](auto width) {
        each<L>(
            rows, pairs,
            columns / width, [&](int i, int pair, int part) __attribute__((always_inline)) {
              const int j0 = part * width;
              F* const cells[2] = {dx.cell(2 * pair, i0 + i, j0),
                                   dx.cell(2 * pair + 1, i0 + i, j0)};
              F sums[width][2];
              if (o0 == 0) {
                unrolled<width * 2>([&](auto k) { sums[k / 2][k % 2] = 0.f; });
              } else {
                unrolled<width * 2>([&](auto k) { sums[k / 2][k % 2] = cells[k % 2][k / 2]; });
              }
              for (int o = 0; o < here; ++o) {
                const F* h = expanded + ((o * rows + i) * columns + j0) * 9;
                const float* w = weights + ((o0 + o) * pairs + pair) * 18;
                for (int t = 0; t < 9; ++t) {
                  const auto taps = weights_at<2>(w + 2 * t);
                  const F tap0 = in_register(F(taps[0]));
                  const F tap1 = in_register(F(taps[1]));
                  unrolled<width>([&](auto j) {
                    const F value = in_register(h[j * 9 + t]);
                    sums[j][0] = fma(tap0, value, sums[j][0]);
                    sums[j][1] = fma(tap1, value, sums[j][1]);
                  });
                }
              }
              if (o0 + here < own.outputs) {
                unrolled<width * 2>([&](auto k) { cells[k % 2][k / 2] = sums[k / 2][k % 2]; });
              } else {
                const F* const through[2] = {x.cell(2 * pair, i0 + i, j0),
                                             x.cell(2 * pair + 1, i0 + i, j0)};
                unrolled<width * 2>([&](auto k) {
                  cells[k % 2][k / 2] =
                      keep(greater(through[k % 2][k / 2], F(0.f)), sums[k / 2][k % 2]);
                });
              }
            });
      });
    }
  }
}

// ---- plain --------------------------------------------------------------------------------------

/// The plain layer's biases: the sums of a map's cells.
template <class L, class Sink>
__device__ __phase__ void plain_bias_gradient(const Block<L>& block, const Convolution& own,
                                              const Maps& gradient, const Sink& sink) {
  using F = typename L::Value;
  const auto g = block.planes(gradient);
  // Frames are zeros, so rows are one stretch; four sums, so that they do not wait for each other.
  const int cells = gradient.height * gradient.row;
  sum_over_cells<L, 4>(
      1, 1, own.outputs, 1, (cells + 3) / 4, {},
      [&](int, int, int o, int, int part, F(&sums)[4]) {
        const F* four = g.corner(o, 1, 0) + 4 * part;
        unrolled<4>([&](auto k) { sums[k] += four[k]; });
      },
      [&](int, int, int o, F(&sums)[4]) {
        sink(own.bias + o, sum((sums[0] + sums[1]) + (sums[2] + sums[3])));
      });
}

/// 3 taps of 4 outputs and 2 inputs an item.
template <class L, class Sink>
__device__ __phase__ void plain_weight_gradient(const Block<L>& block, const Convolution& own,
                                                const Maps& gradient, const Maps& input,
                                                const Sink& sink) {
  using F = typename L::Value;
  const auto g = block.planes(gradient);
  const auto x = block.planes(input);
  sum_over_cells<L, 24>(
      gradient.channels / 4, input.channels / 2, 3, gradient.height, gradient.width, {},
      [&](int o4, int c2, int ky, int i, int j, F(&sums)[24]) {
        const F* dy = g.cell(o4 * 4, i, j);
        const F* cells = x.corner(c2 * 2, i + ky, j);
        F d[4];
        unrolled<4>([&](auto o) { d[o] = in_register(dy[o * g.plane]); });
        const F* const rows[2] = {cells, cells + x.plane};
        unrolled<6>([&](auto t) {
          const F value = in_register(rows[t % 2][t / 2]);
          unrolled<4>([&](auto o) { sums[t * 4 + o] = fma(d[o], value, sums[t * 4 + o]); });
        });
      },
      [&](int o4, int c2, int ky, F(&sums)[24]) {
        unrolled<24>([&](auto k) {
          const int o = o4 * 4 + k % 4;
          const int c = c2 * 2 + k / 4 % 2;
          if (o >= own.outputs || c >= own.inputs) return;
          sink(own.weight + (o * own.inputs + c) * 9 + ky * 3 + k / 8, sum(sums[k]));
        });
      });
}

/// The gradient of the input, in its place.
template <class L>
__device__ __phase__ void plain_data_gradient(const Block<L>& block, const Convolution& own,
                                              const Maps& gradient, const Maps& input) {
  using F = typename L::Value;
  const auto x = block.planes(input);
  convolve(block, gradient, input, block.derived + own.backward, [&](int c, int i, int j, F value) {
    F* cell = x.cell(c, i, j);
    *cell = keep(greater(*cell, F(0.f)), value);
  });
}

// ---- pooled -------------------------------------------------------------------------------------

/// The 3 x 3 cells around the winner of the window whose 4 x 4 cells begin at *x.
__device__ __forceinline__ void winners_patch(const float* x, int row, WinnerOfOne winner,
                                              float (&patch)[9]) {
  x += (below(winner) ? row : 0) + (right(winner) ? 1 : 0);
  unrolled<3>([&](auto y) {
    const float* cells = x + y * row;
    unrolled<3>([&](auto k) { patch[y * 3 + k] = cells[k]; });
  });
}
#ifndef __CUDACC__
template <int n>
__forceinline__ void winners_patch(const Vector<n>* x, int row, WinnerOfMany<n> winner,
                                   Vector<n> (&patch)[9]) {
  const auto is_below = below(winner);
  const auto is_right = right(winner);
  Vector<n> above[4];
  unrolled<4>([&](auto k) { above[k] = in_register(x[k]); });
  unrolled<3>([&](auto y) {
    const Vector<n>* cells = x + (y + 1) * row;
    Vector<n> lower[4];
    unrolled<4>([&](auto k) {
      lower[k] = in_register(cells[k]);
      above[k] = select(is_below, lower[k], above[k]);
    });
    unrolled<3>([&](auto k) { patch[y * 3 + k] = select(is_right, above[k + 1], above[k]); });
    unrolled<4>([&](auto k) { above[k] = lower[k]; });
  });
}
#endif

/// Weights' and biases' gradients. Only a window's winner has one: a quarter of the products.
template <class L, class Sink>
__device__ __phase__ void pooled_parameter_gradient(const Block<L>& block, const Convolution& own,
                                                    const Maps& gradient, int first_winner,
                                                    const Maps& input, const Sink& sink) {
  using F = typename L::Value;
  const auto g = block.planes(gradient);
  const auto x = block.planes(input);
  sum_over_cells<L, 10>(
      1, own.inputs, own.outputs, gradient.height, gradient.width, {},
      [&](int, int c, int o, int i, int j, F(&sums)[10]) {
        const F dy = *g.cell(o, i, j);
        F patch[9];
        winners_patch(x.corner(c, 2 * i, 2 * j), x.row,
                      block.winners[first_winner + (o * gradient.height + i) * gradient.width + j],
                      patch);
        unrolled<9>([&](auto k) { sums[k] = fma(dy, patch[k], sums[k]); });
        if (c == 0) sums[9] += dy;
      },
      [&](int, int c, int o, F(&sums)[10]) {
        if (c == 0) sink(own.bias + o, sum(sums[9]));
        unrolled<9>([&](auto k) { sink(own.weight + (o * own.inputs + c) * 9 + k, sum(sums[k])); });
      });
}

/// Gradients back to where the maxima were. The frame is written too: the memory had other uses.
template <class L>
__device__ __phase__ void unpool(const Block<L>& block, const Maps& gradient, int first_winner,
                                 const Maps& large) {
  using F = typename L::Value;
  const auto g = block.planes(gradient);
  const auto out = block.planes(large);
  each<L>(1, large.channels, large.width + 2, [&](int, int c, int x) {
    *out.corner(c, 0, x) = 0.f;
    *out.corner(c, large.height + 1, x) = 0.f;
  });
  each<L>(1, large.channels, large.height, [&](int, int c, int y) {
    *out.corner(c, y + 1, 0) = 0.f;
    *out.corner(c, y + 1, large.width + 1) = 0.f;
  });
  each<L>(large.channels, gradient.height, gradient.width, [&](int c, int i, int j) {
    const auto winner =
        block.winners[first_winner + (c * gradient.height + i) * gradient.width + j];
    const auto is_right = right(winner);
    const F value = *g.cell(c, i, j);
    const F in_lower = keep(below(winner), value);
    const F in_upper = value - in_lower;
    const F lower_right = keep(is_right, in_lower);
    const F upper_right = keep(is_right, in_upper);
    F* upper = out.cell(c, 2 * i, 2 * j);
    F* lower = upper + out.row;
    upper[0] = in_upper - upper_right;
    upper[1] = upper_right;
    lower[0] = in_lower - lower_right;
    lower[1] = lower_right;
  });
}

/// The gradient of the input, in its place.
template <class L>
__device__ __phase__ void pooled_data_gradient(const Block<L>& block, const Convolution& own,
                                               const Maps& gradient, const Maps& input) {
  using F = typename L::Value;
  const auto g = block.planes(gradient);
  const auto x = block.planes(input);
  const float* weights = block.derived + own.backward;
  each<L>(input.height / 2, input.width / 2, input.channels / 4, [&](int i, int j, int tile) {
    F y[4][4];
    winograd_tile<F>({g.data, g.row, g.plane}, gradient.channels, 2 * i, 2 * j,
                     weights + tile * gradient.channels * 64, y);
    unrolled<4>([&](auto c) {
      F* upper = x.cell(tile * 4 + c, 2 * i, 2 * j);
      F* const cells[2] = {upper, upper + x.row};
      unrolled<4>([&](auto k) {
        F& cell = cells[k / 2][k % 2];
        cell = keep(greater(cell, F(0.f)), y[c][k]);
      });
    });
  });
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused
