// Values that another library, or a program's own kernels, keep in the memory of a GPU.
#pragma once

#include <hourglass/array.hpp>
#include <memory>
#include <optional>

struct CUstream_st;  // what a cudaStream_t points to

namespace hourglass {

/// Row-major. Nothing is copied: Samples keep the view, so the values must stay as they are for as
/// long as those live; calls that take Images have done with them when they return.
///
/// Calls leave the GPU that they worked on as the calling thread's current device.
///
///   const hourglass::GpuView<float> rows{{60000, 784}, device_pointer, 0, stream};
///   const auto map = hourglass::tsne(hourglass::Samples(rows), {});
template <class T>
struct GpuView {
  Shape shape;
  const T* data = nullptr;
  int index = 0;  ///< of the GPU: N of "cuda:N"
  /// A cudaStream_t (null: the legacy default stream) whose work writes the values. What reads them
  /// waits for the work that is on it when Samples are made, or Images used, and the host does not.
  /// Without one the values are there.
  std::optional<CUstream_st*> written_on = {};
  std::shared_ptr<const void> owner = {};  ///< kept for as long

  [[nodiscard]] std::span<const T> values() const { return {data, element_count(shape)}; }
};

}  // namespace hourglass
