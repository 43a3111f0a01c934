// What every operation needs: a stream, the libraries' handles bound to it, and the precision.
#pragma once

#include <hourglass/device.hpp>
#include <memory>
#include <new>

#include "device/stream.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

struct Libraries;  // handles: libraries_cpu.hpp, libraries_cuda.hpp

class Context {
 public:
  /// On CUDA `device_index` becomes the calling thread's current device.
  explicit Context(int device_index = 0, Precision precision = Precision::fp32);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] device::Stream& stream() { return stream_; }
  [[nodiscard]] Libraries& libraries() { return *libraries_; }
  [[nodiscard]] Precision precision() const { return precision_; }
  [[nodiscard]] int device_index() const { return device_index_; }
  /// CUDA: makes this context's device current; call when work arrives from another thread.
  void make_current() const;
  /// The same where nothing can be done about a failure: in the destructor of who owns a context
  /// and device memory beside it.
  void make_current(std::nothrow_t) const noexcept;

 private:
  int device_index_;
  Precision precision_;
  device::Stream stream_;
  std::unique_ptr<Libraries> libraries_;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
