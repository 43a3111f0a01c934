// Device memory with an owner.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "device/stream.hpp"

namespace hourglass::HOURGLASS_TARGET::device {

/// Raw device memory, at least 64-byte aligned, uninitialised; Error when there is not enough.
[[nodiscard]] void* allocate(std::size_t bytes);
void release(void* memory) noexcept;

void copy_bytes_to_device(const Stream& stream, void* to, const void* from, std::size_t bytes);
/// Returns when the bytes have arrived.
void copy_bytes_to_host(const Stream& stream, void* to, const void* from, std::size_t bytes);
void copy_bytes_on_device(const Stream& stream, void* to, const void* from, std::size_t bytes);
void fill_bytes_with_zero(const Stream& stream, void* memory, std::size_t bytes);

/// `size` values of T in device memory. Move-only; copies are explicit, through the functions
/// below.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(std::size_t size)
      : data_(size == 0 ? nullptr : static_cast<T*>(allocate(size * sizeof(T)))), size_(size) {}
  ~Buffer() { release(data_); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] std::span<T> span() { return {data_, size_}; }
  [[nodiscard]] std::span<const T> span() const { return {data_, size_}; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

template <class T>
void copy_to_device(const Stream& stream, std::type_identity_t<std::span<const T>> from,
                    std::span<T> to) {
  copy_bytes_to_device(stream, to.data(), from.data(), from.size_bytes());
}

template <class T>
void copy_to_host(const Stream& stream, std::span<const T> from,
                  std::type_identity_t<std::span<T>> to) {
  copy_bytes_to_host(stream, to.data(), from.data(), from.size_bytes());
}

template <class T>
void fill_with_zero(const Stream& stream, std::span<T> values) {
  fill_bytes_with_zero(stream, values.data(), values.size_bytes());
}

/// A new buffer holding a copy of host values.
template <class T>
[[nodiscard]] Buffer<T> to_device(const Stream& stream, std::span<const T> values) {
  Buffer<T> buffer(values.size());
  copy_to_device<T>(stream, values, buffer.span());
  return buffer;
}

}  // namespace hourglass::HOURGLASS_TARGET::device
