// The phases of a step, each ending with a barrier: load, forward, loss, backward, update.
#pragma once

#include <cstdint>

#include "kernels/data/corruption.hpp"
#include "kernels/fused_dense/loops.cuh"
#include "kernels/fused_dense/train.hpp"
#include "kernels/optimizer/adam_step.cuh"

namespace hourglass::HOURGLASS_TARGET::fused_dense {
namespace {

/// A block's memory: network.hpp.
template <class L>
struct Block {
  const Network& net;
  float* weights;
  float* first_moment;
  float* second_moment;
  float* gradients;
  float* maps;
  float* deltas;
  float* clean;

  __device__ Block(const Network& network, const Part& part, float* memory) : net(network) {
    weights = memory;
    first_moment = weights + net.matrices;
    second_moment = first_moment + net.matrices;
    gradients = second_moment + net.matrices;
    maps = part.gradients ? gradients + net.matrices : gradients;
    deltas = maps + part.images * net.image;
    clean = deltas + part.images * net.delta();
  }

  __device__ __forceinline__ float* map(int image, int k) const {
    return maps + image * net.image + net.map[k];
  }
  __device__ __forceinline__ float* delta(int image, int k) const {
    return deltas + image * net.delta() + net.map[k] - net.map[1];
  }
  /// Vectors in a layer's outputs.
  __device__ __forceinline__ static int columns(const Layer& layer) {
    return (layer.outputs - 1) / L::kCount + 1;
  }
};

// ---- load ---------------------------------------------------------------------------------------

/// Images first, first + 1, ... of an order, or as they lie.
struct Rows {
  const std::uint64_t* order = nullptr;
  std::uint32_t first = 0;
  int count = 0;
  bool corrupted = false;
  CorruptionStream random = {0, 0};
  std::uint64_t number = 0;  ///< of the first in that stream
};

/// What the network is to give back.
struct Targets {
  const float* first;  ///< image's
  int stride;          ///< to the next
};

template <class L, class Pixel>
__device__ void gather(const Block<L>& block, const Pixel* pixels, const Rows& rows, float* to,
                       int stride) {
  const int size = block.net.layer[0].inputs;
  const auto image = [&](int row) {
    const std::size_t place = rows.first + static_cast<std::size_t>(row);
    return (rows.order == nullptr ? place : rows.order[place] & 0xffffffffU) *
           static_cast<std::size_t>(size);
  };
  if constexpr (kAlone<L>) {
    for (int row = 0; row < rows.count; ++row) {
      const Pixel* from = pixels + image(row);
      for (int i = 0; i < size; ++i) to[row * stride + i] = kernels::to_unit(from[i]);
    }
  } else {
    each<L>(rows.count, size, [&](int row, int i) {
      to[row * stride + i] = kernels::to_unit(pixels[image(row) + static_cast<std::size_t>(i)]);
    });
  }
}

template <class L>
__device__ void corrupt(const Block<L>& block, const kernels::CorruptionOptions& options,
                        const Rows& rows) {
  const int size = block.net.layer[0].inputs;
  each<L>(rows.count, size, [&](int row, int at) {
    const auto i = static_cast<std::uint32_t>(at);
    const std::uint64_t number = rows.number + static_cast<std::uint64_t>(row);
    const float pixel = block.clean[row * block.net.clean + at];
    PatchCorner corner{0, 0};
    if (options.patch > 0) {
      corner = patch_corner(rows.random, number, options.patch, options.height, options.width);
    }
    // Unsigned differences: what lies before the patch is far behind it.
    const bool hidden = i / options.width % options.height - corner.row < options.patch &&
                        i % options.width - corner.column < options.patch;
    block.map(row, 0)[at] = hidden ? 0.f
                            : options.noise > 0.f
                                ? noisy(rows.random, number * static_cast<std::uint64_t>(size) + i,
                                        options.noise, pixel)
                                : pixel;
  });
}

template <class L>
__device__ __phase__ Targets load(const Block<L>& block, const kernels::Pixels& pixels,
                                  const kernels::CorruptionOptions& options, const Rows& rows) {
  float* const to = rows.corrupted ? block.clean : block.map(0, 0);
  const int stride = rows.corrupted ? block.net.clean : block.net.image;
  if (pixels.bytes != nullptr) {
    gather(block, pixels.bytes, rows, to, stride);
  } else {
    gather(block, pixels.floats, rows, to, stride);
  }
  simt::sync_block();
  if (rows.corrupted) {
    corrupt(block, options, rows);
    simt::sync_block();
  }
  return {to, stride};
}

// ---- forward ------------------------------------------------------------------------------------

/// finish(image, column, value) for all values that layer k gives for `images` images, rounded up
/// to whole tiles.
template <class L, int tile, class Finish>
__device__ __forceinline__ void through_layer(const Block<L>& block, int k, int images,
                                              Finish&& finish) {
  using F = typename L::Value;
  const Network& net = block.net;
  const Layer& layer = net.layer[k];
  const float* weights = block.weights + layer.matrix;
  const float* x = block.map(0, k) - 1;
  const int stride = net.image;
  sum_each<L, tile>(
      (images - 1) / tile + 1, Block<L>::columns(layer), layer.rows(),
      [&](int group, int column, int row, F(&sums)[tile]) {
        const F w = at<L>(weights + row * layer.row + column * L::kCount);
        const float* inputs = x + group * tile * stride + row;
        unrolled<tile>([&](auto s) { sums[s] = fma(w, F(inputs[s * stride]), sums[s]); });
      },
      [&](int group, int column, const F(&sums)[tile]) {
        unrolled<tile>([&](auto s) { finish(group * tile + s, column, sums[s]); });
      });
}

/// The first `layers` layers; not the last of all.
template <class L, int tile>
__device__ __phase__ void forward(const Block<L>& block, int layers, int images) {
  using F = typename L::Value;
  for (int k = 0; k < layers; ++k) {
    const bool relu = block.net.layer[k].relu;
    through_layer<L, tile>(block, k, images, [&](int image, int column, F value) {
      at<L>(block.map(image, k + 1) + column * L::kCount) = relu ? max(value, F(0.f)) : value;
    });
  }
}

// ---- loss ---------------------------------------------------------------------------------------

/// 1 for the lanes of a vector whose outputs there are.
template <class L>
__device__ __forceinline__ typename L::Value live_lanes(int outputs, int column) {
  using F = typename L::Value;
  F live = 1.f;
  if constexpr (kAlone<L>) {
    const int left = outputs - column * L::kCount;
    if (left < L::kCount) {
      for (int lane = left; lane < L::kCount; ++lane) lane_of(live, lane) = 0.f;
    }
  }
  return live;
}

/// The last layer, the loss of its logits (kernels/layers/loss.cu) and, for `trains`, their
/// gradient times `scale`. Returns the loss summed over this thread's pixels.
template <class L, int tile, bool bce, bool trains>
__device__ __phase__ double last_layer(const Block<L>& block, const Targets& targets, int images,
                                       float scale) {
  using F = typename L::Value;
  const Network& net = block.net;
  double loss = 0.0;
  through_layer<L, tile>(block, net.depth - 1, images, [&](int image, int column, F z) {
    if (image >= images) return;
    const F live = live_lanes<L>(net.last().outputs, column);
    const F x = at<L>(targets.first + image * targets.stride + column * L::kCount);
    const F e = exp(F(0.f) - max(z, F(0.f) - z));
    const F p = select(greater(z, F(0.f)), F(1.f), e) / (e + F(1.f));
    F value;
    F by_logit;
    if constexpr (bce) {
      value = max(z, F(0.f)) - z * x + log(e + F(1.f));
      by_logit = p - x;
    } else {
      const F error = p - x;
      value = error * error;
      by_logit = F(2.f) * error * p * (F(1.f) - p);
    }
    if constexpr (trains) {
      at<L>(block.delta(image, net.depth) + column * L::kCount) = by_logit * live * F(scale);
    }
    loss += static_cast<double>(sum(value * live));
  });
  return loss;
}

template <class L, int tile, bool trains>
__device__ double loss_of(const Block<L>& block, Loss loss, const Targets& targets, int images,
                          float scale) {
  return loss == Loss::bce ? last_layer<L, tile, true, trains>(block, targets, images, scale)
                           : last_layer<L, tile, false, trains>(block, targets, images, scale);
}

// ---- backward -----------------------------------------------------------------------------------

/// The deltas of all maps from the last one's.
template <class L, int tile>
__device__ __phase__ void backward(const Block<L>& block, int images) {
  using F = typename L::Value;
  const Network& net = block.net;
  for (int k = net.depth - 1; k > 0; --k) {
    const Layer& layer = net.layer[k];
    const bool relu = net.layer[k - 1].relu;
    const float* weights = block.weights + layer.matrix + layer.row;  // behind the biases
    const float* above = block.delta(0, k + 1);
    const int stride = net.delta();
    sum_each<L, tile>(
        (images - 1) / tile + 1, layer.inputs, Block<L>::columns(layer),
        [&](int group, int input, int column, F(&sums)[tile]) {
          const F w = at<L>(weights + input * layer.row + column * L::kCount);
          const float* delta = above + group * tile * stride + column * L::kCount;
          unrolled<tile>([&](auto s) { sums[s] = fma(w, at<L>(delta + s * stride), sums[s]); });
        },
        [&](int group, int input, const F(&sums)[tile]) {
          unrolled<tile>([&](auto s) {
            const int image = group * tile + s;
            const bool closed = relu && !(block.map(image, k)[input] > 0.f);
            block.delta(image, k)[input] = closed ? 0.f : sum(sums[s]);
          });
        });
  }
}

// ---- update -------------------------------------------------------------------------------------

/// Which part of its batch a block has in hand.
struct Turn {
  bool first = true;
  bool last = true;
};

/// The gradients of `n` rows at a time, from `from` on, of layer k; with the batch's last part,
/// Adam.
template <class L, int n>
__device__ __forceinline__ void update_rows(const Block<L>& block, int k, int from, int groups,
                                            int images, const Turn& turn, float rate,
                                            const kernels::AdamFactors& adam, unsigned& whose) {
  using F = typename L::Value;
  const Network& net = block.net;
  const Layer& layer = net.layer[k];
  const float* inputs = block.map(0, k) - 1 + from;
  const float* deltas = block.delta(0, k + 1);
  each<L>(groups, Block<L>::columns(layer), whose, [&](int group, int column) {
    const int place = layer.matrix + (from + group * n) * layer.row + column * L::kCount;
    F g[n];
    unrolled<n>([&](auto s) {
      g[s] = turn.first ? F(0.f) : at<L>(block.gradients + place + s * layer.row);
    });
    const float* x = inputs + group * n;
    const float* delta = deltas + column * L::kCount;
    for (int image = 0; image < images; ++image) {
      const F d = at<L>(delta);
      unrolled<n>([&](auto s) { g[s] = fma(d, F(x[s]), g[s]); });
      x += net.image;
      delta += net.delta();
    }
    unrolled<n>([&](auto s) {
      const int i = place + s * layer.row;
      if (!turn.last) {
        at<L>(block.gradients + i) = g[s];
        return;
      }
      kernels::adam_step(adam, rate, g[s], at<L>(block.weights + i), at<L>(block.first_moment + i),
                         at<L>(block.second_moment + i));
    });
  });
}

template <class L, int tile>
__device__ __phase__ void update(const Block<L>& block, int images, const Turn& turn, float rate,
                                 const kernels::AdamFactors& adam) {
  unsigned whose = 0;
  for (int k = 0; k < block.net.depth; ++k) {
    const int rows = block.net.layer[k].rows();
    const int groups = rows / tile;
    update_rows<L, tile>(block, k, 0, groups, images, turn, rate, adam, whose);
    if constexpr (tile > 1) {
      update_rows<L, 1>(block, k, groups * tile, rows % tile, images, turn, rate, adam, whose);
    }
  }
  simt::sync_block();
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused_dense
