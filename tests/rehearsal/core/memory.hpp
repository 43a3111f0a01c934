// Device memory: addresses of its own that nobody can touch but work while it is done.
//
// A buffer ends where its last page does (but for 256-byte alignment), and a page that always
// faults follows. What is left of its pages is a red zone. It starts as NaNs, or as indices that
// lead nowhere. A freed buffer's addresses are never used again.
#pragma once

#include <cstddef>

namespace rehearsal {

/// On a device; nullptr if its memory is full.
[[nodiscard]] void* allocate(int device, std::size_t bytes);
void release(void* memory);
[[nodiscard]] std::size_t free_bytes(int device);
/// The device that holds a live buffer which begins here.
[[nodiscard]] int device_of_buffer(const void* memory);

/// Bytes that were copied from the host, and to it, until now.
[[nodiscard]] std::size_t uploaded();
[[nodiscard]] std::size_t downloaded();

/// Whether an address is device memory's, live or not.
[[nodiscard]] bool is_device_address(const void* address);
/// Whether a buffer is there, or was.
[[nodiscard]] bool was_buffer(const void* address);
/// Demands that all of these bytes are one live buffer's on this device. (None: its end will do.)
void require_buffer(const char* what, const void* begin, std::size_t bytes, int device);
/// Demands that each value (of 4 or 8 bytes) has been written.
void require_written(const char* what, const void* begin, std::size_t bytes, std::size_t value);
/// Demands that nothing was written around any buffer of the device.
void require_red_zones(int device);

/// While it lives, the memory of this device can be touched.
class Opened {
 public:
  explicit Opened(int device);
  ~Opened();
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  int device_;
};

}  // namespace rehearsal
