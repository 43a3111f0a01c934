// Images in device memory as they were given, bytes or floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/images.hpp>
#include <memory>
#include <span>
#include <variant>

#include "device/buffer.hpp"
#include "kernels/data/pixels.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// A copy of the host's; a GPU's where they are.
class DeviceImages {
 public:
  DeviceImages(const device::Stream& stream, const Images& images) : count_(images.count()) {
    if (const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&images.pixels())) {
      bytes_ = images.gpu() ? *bytes : copied(stream, *bytes, byte_buffer_);
    } else {
      const auto floats = std::get<std::span<const float>>(images.pixels());
      floats_ = images.gpu() ? floats : copied(stream, floats, float_buffer_);
    }
    if (!images.gpu()) return;
    if (images.gpu()->written_on) stream.wait_for(*images.gpu()->written_on);
    owner_ = images.gpu()->owner;
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] kernels::Pixels view() const {
    return {bytes_.data(), floats_.data(), static_cast<std::uint32_t>(count_)};
  }

 private:
  template <class T>
  static std::span<const T> copied(const device::Stream& stream, std::span<const T> host,
                                   device::Buffer<T>& buffer) {
    buffer = device::to_device<T>(stream, host);
    return buffer.span();
  }

  std::size_t count_;
  std::span<const std::uint8_t> bytes_;  // these,
  std::span<const float> floats_;        // or these
  device::Buffer<std::uint8_t> byte_buffer_;
  device::Buffer<float> float_buffer_;
  std::shared_ptr<const void> owner_;
};

}  // namespace hourglass::HOURGLASS_TARGET
