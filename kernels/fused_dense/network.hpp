// A network of dense layers, and where a block keeps it.
//
// A layer is one matrix with a row for each input and one more, the first, for the bias, whose
// input is always 1: row r, column o is the weight from input r - 1 to output o. Maps (the values
// between layers) have that 1 in front of them. Rows and maps are padded to whole vectors, with
// zeros that stay zeros.
//
// A block's memory, in floats:
//
//   weights, first moments, second moments   [matrices] each, layer by layer
//   gradients                                [matrices], if a batch is taken in several parts
//   maps                                     [image of the part][maps 0 .. layers, 1 | values]
//   deltas                                   [image of the part][maps 1 .. layers]
//   clean images                             [image of the part][map 0], if the input is corrupted
#pragma once

#include <cstddef>

#include "kernels/simt/host_device.hpp"

namespace hourglass::HOURGLASS_TARGET::fused_dense {

inline constexpr int kMaxLayers = 32;

struct Layer {
  int inputs = 0;
  int outputs = 0;
  bool relu = false;
  float limit = 0.f;  ///< fresh weights are uniform in +-limit

  // In the flat buffer of parameters: (outputs, inputs) and (outputs).
  int weight = 0;
  int bias = 0;

  // In a block's memory: lay_out().
  int matrix = 0;  ///< its first value
  int row = 0;     ///< from one row to the next

  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr int rows() const { return inputs + 1; }
};

struct Network {
  int depth = 0;
  Layer layer[kMaxLayers] = {};
  int code = 0;        ///< the map between encoder and decoder
  int parameters = 0;  ///< in the flat buffer

  // In a block's memory: lay_out().
  int map[kMaxLayers + 1] = {};  ///< first value of each, from an image's first
  int matrices = 0;
  int image = 0;  ///< floats of an image's maps
  int clean = 0;  ///< of its clean input

  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr const Layer& last() const {
    return layer[depth - 1];
  }
  /// Of an image's deltas, which lie as their maps do.
  [[nodiscard]] HOURGLASS_HOST_DEVICE constexpr int delta() const { return image - map[1]; }
};

/// What a block takes into its memory at a time.
struct Part {
  int images = 1;
  bool gradients = false;  ///< are kept from one part of a batch to the next
  bool clean = false;
};

/// Whole vectors of `lanes`; on a GPU, where a value is one float, rows of odd length, so that
/// threads that go down a column meet no bank twice.
constexpr int row_length(int values, int lanes) {
  return lanes == 1 ? values | 1 : (values + lanes - 1) / lanes * lanes;
}

/// With sizes, fills in places.
constexpr Network lay_out(Network net, int lanes) {
  const auto whole = [&](int values) { return (values + lanes - 1) / lanes * lanes; };
  net.matrices = 0;
  net.image = 0;
  for (int k = 0; k <= net.depth; ++k) {
    const int values = k == 0 ? net.layer[0].inputs : net.layer[k - 1].outputs;
    net.map[k] = net.image + lanes;  // the last of the lanes before is the 1
    net.image += lanes + whole(values);
  }
  for (int k = 0; k < net.depth; ++k) {
    Layer& layer = net.layer[k];
    layer.matrix = net.matrices;
    layer.row = row_length(layer.outputs, lanes);
    net.matrices += layer.rows() * layer.row;
  }
  net.matrices = whole(net.matrices);
  net.clean = whole(net.layer[0].inputs);
  return net;
}

[[nodiscard]] HOURGLASS_HOST_DEVICE constexpr std::size_t floats_of(const Network& net,
                                                                    const Part& part) {
  const auto copies = static_cast<std::size_t>(part.gradients ? 4 : 3);
  const auto image =
      static_cast<std::size_t>(net.image + net.delta() + (part.clean ? net.clean : 0));
  return copies * static_cast<std::size_t>(net.matrices) +
         static_cast<std::size_t>(part.images) * image;
}

}  // namespace hourglass::HOURGLASS_TARGET::fused_dense
