// The fused engine's network without training: images to codes, codes to images, or images to
// images, by the forward phases of train.hpp's kernel.
#pragma once

#include <cstddef>

#include "kernels/data/pixels.hpp"
#include "kernels/fused/network.hpp"
#include "kernels/fused/train.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {

/// One launch. Buffers are device memory.
struct Inference {
  Network net = {};  ///< laid out as for corruption: its clean maps stay zero, see infer.cu
  const float* parameters = nullptr;
  bool encodes = false;
  bool decodes = false;
  kernels::Pixels rows = {};  ///< images, or codes where nothing is encoded
  float* output = nullptr;    ///< (rows, values): codes, or images in [0, 1]
};

/// `setting` as best_setting gives it for the model and corruption.
void infer(simt::StreamHandle stream, const Setting& setting, const Inference& inference);

}  // namespace hourglass::HOURGLASS_TARGET::fused
