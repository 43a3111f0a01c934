// Values that another library, or a program's own kernels, keep in the memory of a GPU.
#pragma once

#include <hourglass/array.hpp>
#include <memory>
#include <optional>

struct CUstream_st;  // what a cudaStream_t points to

namespace hourglass {

/// Row-major, and unchanged for as long as anything made of this lives: nothing is copied.
///
///   const hourglass::GpuView<float> rows{{60000, 784}, device_pointer, 0, stream};
///   const auto map = hourglass::tsne(hourglass::Samples(rows), {});
template <class T>
struct GpuView {
  Shape shape;
  const T* data = nullptr;
  int index = 0;  ///< of the GPU: N of "cuda:N"
  /// A cudaStream_t (null: the default stream) whose work so far writes the values: what reads them
  /// waits for that, and the host does not. Without one they are there.
  std::optional<CUstream_st*> written_on = {};
  std::shared_ptr<const void> owner = {};  ///< kept for as long

  [[nodiscard]] std::span<const T> values() const { return {data, element_count(shape)}; }
};

}  // namespace hourglass
