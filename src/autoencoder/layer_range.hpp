// A stretch of a model's layers.
#pragma once

#include <cstddef>
#include <hourglass/model.hpp>

namespace hourglass {

/// Layers [first, last) of a model.
struct LayerRange {
  std::size_t first;
  std::size_t last;
};

inline LayerRange encoder_of(const Model& model) {
  return {0, model.encoder.size()};
}
inline LayerRange decoder_of(const Model& model) {
  return {model.encoder.size(), model.layers().size()};
}
inline LayerRange all_of(const Model& model) {
  return {0, model.layers().size()};
}

}  // namespace hourglass
