// An ordered queue of device work. On the CPU work is done at once, so a stream has nothing to
// hold.
#pragma once

#include <new>

struct CUstream_st;  // what cudaStream_t points to
struct CUevent_st;   // what cudaEvent_t points to

namespace hourglass::HOURGLASS_TARGET::device {

using StreamHandle = ::CUstream_st*;

class Stream {
 public:
  /// CUDA: a stream of the current device that does not wait for the default stream.
  Stream();
  ~Stream();  // NOLINT(performance-trivially-destructible): only the CPU has nothing to destroy
  Stream(Stream&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  Stream& operator=(Stream&& other) noexcept {
    StreamHandle mine = handle_;
    handle_ = other.handle_;
    other.handle_ = mine;
    return *this;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] StreamHandle handle() const { return handle_; }
  /// Kernels know a stream by its handle alone.
  operator StreamHandle() const { return handle_; }  // NOLINT(google-explicit-constructor)
  /// Waits for all queued work. Throws Error for any failure of it.
  void synchronize() const;
  /// The same where nothing can be done about a failure, which shows in the next call.
  void synchronize(std::nothrow_t) const noexcept;
  /// What is queued from now on begins after all that is queued on another stream now.
  void wait_for(StreamHandle other) const;

 private:
  StreamHandle handle_ = nullptr;
};

/// A place in a stream's queue that the host can wait for.
class Event {
 public:
  Event();
  ~Event();  // NOLINT(performance-trivially-destructible): as of Stream
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Behind all that is queued now; forgets an earlier place.
  void record(StreamHandle stream);
  [[nodiscard]] ::CUevent_st* handle() const { return handle_; }
  /// Returns when the stream has come there, at once if nothing was recorded.
  void wait() const;

 private:
  ::CUevent_st* handle_ = nullptr;
};

}  // namespace hourglass::HOURGLASS_TARGET::device
