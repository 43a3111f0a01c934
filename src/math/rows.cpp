#include "math/rows.hpp"

#include "device/target.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

Rows::Rows(int device_index, std::size_t size)
    : context_(device_index), buffer_(size), values_(buffer_.span()) {}

Rows::Rows(int device_index, std::span<const float> host)
    : context_(device_index), buffer_(kOnCuda ? host.size() : 0), values_(host) {
  if constexpr (kOnCuda) {
    device::copy_to_device<float>(context_.stream(), host, buffer_.span());
    values_ = buffer_.span();
  }
}

Rows::~Rows() {
  context_.make_current(std::nothrow);  // memory is freed on the device it came from
}

void Rows::copy_to_host(std::span<float> to) const {
  context_.make_current();
  device::copy_to_host<float>(context_.stream(), values_, to);
}

}  // namespace hourglass::HOURGLASS_TARGET::math

namespace hourglass::HOURGLASS_TARGET {

std::unique_ptr<DeviceRows> upload_rows(int device_index, std::span<const float> host) {
  return std::make_unique<math::Rows>(device_index, host);
}

}  // namespace hourglass::HOURGLASS_TARGET
