// The networks the fused engine knows, and where everything of one lies in a block's memory.
//
//   encoder   `depth` times: convolution, relu, 2 x 2 max pool
//   decoder   convolution, relu; `depth` times: upsample, convolution, with a relu but for the last
//
// All convolutions are 3 x 3. The ledger is a constant expression, so that what the shipped model
// takes is known, and asserted, when this is compiled.
//
// A block works on one image (or a vector of them, see lanes.hpp) at a time. Its memory holds, in
// this order: the derived weights (floats), the maps (values, one a lane each), the pools' winners.
#pragma once

#include <cstddef>

#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {

inline constexpr int kMaxDepth = 4;
inline constexpr int kMaxConvolutions = 2 * kMaxDepth + 1;

/// What a model is, once it is known to be of this family.
struct Description {
  int channels = 0;  ///< of an image
  int height = 0;
  int width = 0;
  int depth = 0;
  int encoder[kMaxDepth] = {};  ///< outputs of its convolutions
  int decoder[kMaxDepth] = {};  ///< likewise, but for the last, which gives images
};

/// Feature maps, channel by channel, each with a frame of zeros one cell wide.
struct Maps {
  int at = 0;  ///< in values from the first map
  int channels = 0;
  int height = 0;  ///< without the frame
  int width = 0;
  int row = 0;    ///< values from a row to the next
  int plane = 0;  ///< values from a channel to the next

  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr int size() const { return channels * plane; }
};

struct Convolution {
  int inputs = 0;
  int outputs = 0;
  int weight = 0;     ///< in the flat parameters: (outputs, inputs, 3, 3)
  int bias = 0;       ///< likewise: (outputs)
  int forward = 0;    ///< in the derived weights: what each kind of layer wants, see derive.cuh
  int backward = 0;   ///< likewise
  int bias_copy = 0;  ///< likewise: the bias, with zeros for channels that only fill a tile
};

/// How a block's memory is used.
struct MemoryPlan {
  /// Of the gradients of an upsampled convolution, so much is expanded at a time; 0 is all of them.
  int chunk_outputs = 0;
  int chunk_rows = 0;
  /// The encoder's gradients take the place of the decoder's last maps, which are dead by then.
  bool reuse = false;
};

/// On the CPU: what is expanded stays in the first-level cache.
inline constexpr MemoryPlan kCachePlan{.chunk_outputs = 1, .chunk_rows = 1};
/// On a GPU with 163 KB of shared memory a block or more: fewer barriers.
inline constexpr MemoryPlan kRoomyPlan{};
/// On a GPU with 99 KB.
inline constexpr MemoryPlan kTightPlan{.chunk_outputs = 4, .reuse = true};

struct Network {
  int depth = 0;
  int image_size = 0;  ///< pixels
  MemoryPlan plan = {};

  /// The encoder's, the plain one, the upsampled ones; the last gives the logits.
  Convolution convolution[kMaxConvolutions] = {};

  Maps input = {};                ///< of the network
  Maps clean = {};                ///< what it is to give back: `input`, unless that is corrupted
  Maps pooled[kMaxDepth] = {};    ///< after pooling; in the backward pass their gradients
  Maps unpooled[kMaxDepth] = {};  ///< gradients before pooling, from the second layer on
  int winners[kMaxDepth] = {};    ///< in Winners from the first: channel by channel, no frames
  Maps decoded[kMaxDepth] = {};   ///< after the decoder's relus
  Maps decoded_gradient[kMaxDepth] = {};  ///< where it can be, in the place of `decoded`
  Maps delta = {};                        ///< gradients of the logits
  int expanded = 0;                       ///< scratch: [output][row][column][9], see backward.cuh
  int carried = 0;                        ///< scratch: sums that go on with the next chunk's rows

  int derived = 0;  ///< floats
  int values = 0;
  int winner_count = 0;
  int parameters = 0;  ///< floats of the flat parameters, gaps included

  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr int convolutions() const { return 2 * depth + 1; }
  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr const Convolution& plain() const {
    return convolution[depth];
  }
  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr const Convolution& last() const {
    return convolution[2 * depth];
  }
};

/// Channels are computed by fours; what fills up the last four is zero everywhere.
HOURGLASS_HOST_DEVICE constexpr int padded(int channels) {
  return (channels + 3) / 4 * 4;
}

/// A part of all, 0 for no limit.
HOURGLASS_HOST_DEVICE constexpr int limited(int all, int limit) {
  return limit == 0 || limit > all ? all : limit;
}

namespace detail {

struct Ledger {
  int next = 0;

  constexpr int take(int count) {
    const int at = next;
    next += (count + 15) / 16 * 16;  // of 64 bytes, so that a vector of floats does not straddle
    return at;
  }
  constexpr Maps maps(int channels, int height, int width) {
    Maps maps{.channels = channels, .height = height, .width = width, .row = width + 2};
    // Four more than a multiple of eight: the same cell of all channels is spread over a
    // first-level cache's sets (64 of a line, which is a value of 16 lanes) and over a GPU's banks.
    maps.plane = ((height + 2) * maps.row + 3) / 8 * 8 + 4;
    maps.at = take(maps.size());
    return maps;
  }
};

constexpr int largest(int a, int b) {
  return a > b ? a : b;
}

}  // namespace detail

/// `corrupts`: the network's input is not what it is to give back.
constexpr Network lay_out(const Description& model, const MemoryPlan& plan, bool corrupts) {
  Network net{.depth = model.depth,
              .image_size = model.channels * model.height * model.width,
              .plan = plan};
  const int depth = model.depth;

  detail::Ledger floats;
  for (int i = 0; i < net.convolutions(); ++i) {
    Convolution& own = net.convolution[i];
    const auto outputs = [&](int k) {
      return k < depth       ? model.encoder[k]
             : k < 2 * depth ? model.decoder[k - depth]
                             : model.channels;
    };
    own.inputs = i == 0 ? model.channels : outputs(i - 1);
    own.outputs = outputs(i);
    const int in = i == 0 ? own.inputs : padded(own.inputs);
    const int out = i == 2 * depth ? own.outputs : padded(own.outputs);
    const int forward_taps = i == depth ? 9 : 16;
    const int backward_taps = i < depth ? 16 : 9;
    own.forward = floats.take(out * in * forward_taps);
    own.backward = i == 0 ? 0 : floats.take(out * in * backward_taps);
    own.bias_copy = floats.take(out);
  }
  net.derived = floats.next;

  detail::Ledger values;
  detail::Ledger winners;
  const auto height = [&](int level) { return model.height >> level; };
  const auto width = [&](int level) { return model.width >> level; };
  net.input = values.maps(model.channels, model.height, model.width);
  net.clean = corrupts ? values.maps(model.channels, model.height, model.width) : net.input;
  for (int k = 0; k < depth; ++k) {
    net.pooled[k] = values.maps(padded(model.encoder[k]), height(k + 1), width(k + 1));
    net.winners[k] = winners.take(net.pooled[k].channels * height(k + 1) * width(k + 1));
  }
  for (int k = 0; k < depth; ++k) {
    const int level = depth - k;
    net.decoded[k] = values.maps(padded(model.decoder[k]), height(level), width(level));
    const int above = net.convolution[depth + k + 1].outputs;
    net.decoded_gradient[k] =
        limited(above, plan.chunk_outputs) == above
            ? net.decoded[k]
            : values.maps(net.decoded[k].channels, height(level), width(level));
  }
  net.delta = values.maps(model.channels, model.height, model.width);

  // What is expanded is dead when the encoder's gradients are born.
  int expanded = 0;
  int carried = 0;
  for (int k = 0; k < depth; ++k) {
    const Maps& below = net.decoded[k];
    const int outputs = limited(net.convolution[depth + k + 1].outputs, plan.chunk_outputs);
    const int rows = limited(below.height, plan.chunk_rows);
    expanded = detail::largest(expanded, outputs * rows * below.width * 9);
    // An output and row of taps has three sums a channel, and a bias's for each four or eight.
    const int sums = 3 * (3 * below.channels + below.channels / 4);
    if (rows < below.height) carried = detail::largest(carried, outputs * sums);
  }
  net.carried = values.take(carried);
  net.expanded = values.take(expanded);
  detail::Ledger encoder_gradients{.next = plan.reuse ? net.decoded[depth - 1].at : net.expanded};
  for (int k = depth - 1; k > 0; --k) {
    net.unpooled[k] = encoder_gradients.maps(net.pooled[k].channels, height(k), width(k));
  }
  net.values = detail::largest(values.next, encoder_gradients.next);
  net.winner_count = winners.next;
  return net;
}

/// Bytes of a block's memory.
constexpr std::size_t memory_of(const Network& net, int lanes, std::size_t winner_bytes) {
  return static_cast<std::size_t>(net.derived) * sizeof(float) +
         static_cast<std::size_t>(net.values) * static_cast<std::size_t>(lanes) * sizeof(float) +
         static_cast<std::size_t>(net.winner_count) * winner_bytes;
}

}  // namespace hourglass::HOURGLASS_TARGET::fused
