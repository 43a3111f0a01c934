// This target's rows of floats, where its kernels can read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/gpu_view.hpp>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/device_rows.hpp"
#include "device/buffer.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

class Rows final : public DeviceRows {
 public:
  /// Room for `size` values, to be filled.
  Rows(int device_index, std::size_t size);
  /// The same for what is made of other rows, behind what is queued for those.
  Rows(std::shared_ptr<Context> context, std::size_t size);
  /// Host values: copied to a GPU; on the CPU read where they are, so there they must outlive this.
  Rows(int device_index, std::span<const float> host);
  /// Values that are in this GPU's memory already, and stay the view's owner's.
  explicit Rows(const GpuView<float>& there);
  /// Others' values, behind what is queued for those.
  Rows(std::shared_ptr<Context> context, std::span<const float> values,
       std::shared_ptr<const void> owner);
  ~Rows() override;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  [[nodiscard]] std::span<const float> values() const { return values_; }
  [[nodiscard]] std::span<float> to_fill() { return buffer_.span(); }
  void copy_to_host(std::span<float> to) const override;
  [[nodiscard]] const float* settled_values() const override;
  [[nodiscard]] const RowFacts& facts(std::size_t rows) const override;
  [[nodiscard]] std::unique_ptr<DeviceRows> unit(std::size_t rows, bool centred) const override;
  [[nodiscard]] std::unique_ptr<DeviceRows> first(std::shared_ptr<const DeviceRows> whole,
                                                  std::size_t size) const override;
  [[nodiscard]] std::vector<std::uint32_t> equal_rows(std::span<const std::uint32_t> own,
                                                      const DeviceRows& others,
                                                      std::span<const std::uint32_t> theirs,
                                                      std::size_t row_size) const override;
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
