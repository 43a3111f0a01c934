// This target's rows of floats, where its kernels can read them.
#pragma once

#include <cstddef>
#include <hourglass/gpu_view.hpp>
#include <memory>
#include <optional>
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
  /// Values that are in this GPU's memory already, and stay the view's owner's.
  explicit Rows(const GpuView<float>& there);
  ~Rows() override;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  [[nodiscard]] std::span<const float> values() const { return values_; }
  [[nodiscard]] std::span<float> to_fill() { return buffer_.span(); }
  void copy_to_host(std::span<float> to) const override;
  [[nodiscard]] const float* settled_values() const override;
  [[nodiscard]] const RowFacts& facts(std::size_t rows) const override;
  /// For all that is done with these rows: one stream and one handle of each library. Made current.
  [[nodiscard]] const std::shared_ptr<Context>& context() const;

  /// What Samples of this target hold.
  static const Rows& of(const DeviceRows& rows) { return dynamic_cast<const Rows&>(rows); }

 private:
  std::shared_ptr<Context> context_;
  device::Buffer<float> buffer_;
  std::shared_ptr<const void> owner_;  // of values that are not the buffer's
  std::span<const float> values_;
  mutable std::optional<RowFacts> facts_;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
