// This target's rows of floats, where its kernels can read them.
#pragma once

#include <cstddef>
#include <span>

#include "data/device_rows.hpp"
#include "device/buffer.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

class Rows final : public DeviceRows {
 public:
  /// Room for `size` values, to be filled.
  Rows(int device_index, std::size_t size);
  /// Host values: copied to a GPU; on the CPU read where they are, so there they must outlive this.
  Rows(int device_index, std::span<const float> host);
  ~Rows() override;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  [[nodiscard]] std::span<const float> values() const { return values_; }
  [[nodiscard]] std::span<float> to_fill() { return buffer_.span(); }
  void copy_to_host(std::span<float> to) const override;

  /// What Samples of this target hold.
  static const Rows& of(const DeviceRows& rows) { return dynamic_cast<const Rows&>(rows); }

 private:
  mutable Context context_;  // a stream is not changed by work on it
  device::Buffer<float> buffer_;
  std::span<const float> values_;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
