// What the libraries have in common: handles with a device and a stream, and matrices by columns.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "rehearsal/runtime/streams.hpp"

namespace rehearsal {

struct LibraryHandle {
  int device = current_device;
  cudaStream_t stream = nullptr;

  LibraryHandle() { require_no_recording("a handle, which allocates"); }
  ~LibraryHandle() { require_no_recording("a handle, which allocates"); }
  LibraryHandle(const LibraryHandle&) = delete;
  LibraryHandle& operator=(const LibraryHandle&) = delete;
};

inline void set_stream(LibraryHandle& handle, cudaStream_t stream) {
  require(stream != nullptr, "the default stream, for which streams of ours do not wait");
  require(known(stream).device == handle.device, "a stream of device ", stream->device,
          " for a handle of device ", handle.device);
  handle.stream = stream;
}

/// Demands that the handle is used where it was made, and says to which stream its work goes.
template <class Handle>
cudaStream_t stream_of(Handle* handle) {
  const Handle& used = known(handle);
  require(used.device == current_device, "a handle of device ", used.device, ", while device ",
          current_device, " is current (its reference: one handle for each device)");
  require_stream(used.stream);
  return used.stream;
}

/// A rows x columns matrix of T.
template <class T>
Operand matrix(const char* what, const T* values, int rows, int columns, int leading, Use use) {
  require(rows > 0 && columns > 0, what, " is ", rows, " x ", columns);
  require(leading >= rows, "the leading dimension of ", what, " is ", leading, "; it has ", rows,
          " rows (cuBLAS Library, \"lda >= max(1, rows)\")");
  const auto wide = [](int n) { return static_cast<std::size_t>(n); };
  const std::size_t count = wide(leading) * wide(columns - 1) + wide(rows);
  return {what, values, count * sizeof(T), use,
          leading == rows && use != Use::writes ? sizeof(T) : 0};
}

}  // namespace rehearsal
