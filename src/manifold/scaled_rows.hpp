// Rows whose values can be squared and added up in float.
#pragma once

#include <span>

#include "device/buffer.hpp"
#include "device/stream.hpp"
#include "kernels/columns/facts.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Values on the device as they are, or times a power of two that scale_to_square() gave.
class ScaledRows {
 public:
  ScaledRows(const device::Stream& stream, std::span<const float> values, float scale)
      : values_(values) {
    if (scale == 1.f) return;
    own_ = device::Buffer<float>(values.size());
    kernels::scale(stream, values, scale, own_.data());
    values_ = own_.span();
  }
  [[nodiscard]] std::span<const float> values() const { return values_; }
  [[nodiscard]] const float* data() const { return values_.data(); }

 private:
  device::Buffer<float> own_;
  std::span<const float> values_;
};

}  // namespace hourglass::HOURGLASS_TARGET
