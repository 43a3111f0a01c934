// What Samples hold on their device, with the target left out.
#pragma once

#include <span>

namespace hourglass {

/// Rows of floats in a device's memory. Each target has its own (math/rows.hpp).
class DeviceRows {
 public:
  DeviceRows() = default;
  virtual ~DeviceRows() = default;
  DeviceRows(const DeviceRows&) = delete;
  DeviceRows& operator=(const DeviceRows&) = delete;

  virtual void copy_to_host(std::span<float> to) const = 0;
};

}  // namespace hourglass
