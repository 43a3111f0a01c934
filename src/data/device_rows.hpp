// What Samples hold on their device, with the target left out.
#pragma once

#include <cstddef>
#include <span>

namespace hourglass {

/// What the checks of data ask for.
struct RowFacts {
  bool finite = true;     ///< all values
  bool distinct = true;   ///< not all rows the same
  bool negative = false;  ///< any value
  float largest = 0.f;    ///< magnitude
};

/// Rows of floats in a device's memory. Each target has its own (math/rows.hpp).
class DeviceRows {
 public:
  DeviceRows() = default;
  virtual ~DeviceRows() = default;
  DeviceRows(const DeviceRows&) = delete;
  DeviceRows& operator=(const DeviceRows&) = delete;

  virtual void copy_to_host(std::span<float> to) const = 0;
  /// Where they are, when all that writes them is done.
  [[nodiscard]] virtual const float* settled_values() const = 0;
  /// Of so many rows, which is how many there always are: looked for on the device, and once.
  [[nodiscard]] virtual const RowFacts& facts(std::size_t rows) const = 0;
};

}  // namespace hourglass
