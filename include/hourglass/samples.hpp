// Rows of numbers on their way through several methods: what goes to a device goes there once.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <hourglass/gpu_view.hpp>
#include <memory>

namespace hourglass {

class DeviceRows;

/// Rows are samples; what follows the first dimension is flattened. Copies share what they hold.
///
///   const hourglass::Samples codes = autoencoder.encode_on_device(images);
///   const auto map = hourglass::fit_transform_pca(codes, {.components = 2});
///   const auto neighbors = hourglass::nearest_neighbors(codes, 90);
///
/// Not for several threads at once.
class Samples {
 public:
  /// Takes the rows over, or, given an lvalue, copies them.
  Samples(Array<float> rows, Device device);
  /// Rows in memory that outlives this and all its copies, and stays as it is.
  /// (What is found out about rows is found out once.)
  static Samples view(ArrayView<float> rows, Device device);
  /// Rows in the memory of a GPU, which is then device(). Throws as select_device() does.
  explicit Samples(const GpuView<float>& rows);
  /// What another method left in the device's memory.
  Samples(std::shared_ptr<const DeviceRows> rows, Shape shape, Device device);

  [[nodiscard]] std::size_t rows() const { return shape_.empty() ? 0 : shape_.front(); }
  /// Values in one row.
  [[nodiscard]] std::size_t row_size() const;
  [[nodiscard]] const Device& device() const { return device_; }
  /// Whether a GPU is the device and they have not been brought there.
  [[nodiscard]] bool on_host_alone() const;

  /// In the host's memory; brought there when first asked for, unless the CPU is the device.
  /// (For the first time by one thread.)
  [[nodiscard]] const ArrayView<float>& host() const;
  /// In the device's memory; brought there when first asked for.
  [[nodiscard]] const DeviceRows& on_device() const;
  /// The same, there to be read (by whatever stream), as somebody else's kernels take it. It is
  /// there for as long as this or a copy lives; on the CPU it is the host's.
  [[nodiscard]] const float* device_values() const;

  /// The same rows for work on another device; on their own, these.
  [[nodiscard]] Samples on(const Device& device) const;
  /// The first rows, where these are: nothing is copied.
  [[nodiscard]] Samples first(std::size_t rows) const;

 private:
  struct Places;
  Samples(Shape shape, Device device, std::shared_ptr<Places> places);

  Shape shape_;
  Device device_;
  std::shared_ptr<Places> places_;
};

}  // namespace hourglass
