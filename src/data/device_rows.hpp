// What Samples hold on their device, with the target left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

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
  /// So many rows over their lengths, or, `centred`, less their means first: new ones, beside them.
  /// A row without a direction becomes NaNs.
  [[nodiscard]] virtual std::unique_ptr<DeviceRows> unit(std::size_t rows, bool centred) const = 0;
  /// So many values of `whole`, these rows, from the first, where they are.
  [[nodiscard]] virtual std::unique_ptr<DeviceRows> first(std::shared_ptr<const DeviceRows> whole,
                                                          std::size_t size) const = 0;
  /// For each i: 1 where row own[i] of these is row theirs[i] of others on the same device, else 0.
  [[nodiscard]] virtual std::vector<std::uint32_t> equal_rows(std::span<const std::uint32_t> own,
                                                              const DeviceRows& others,
                                                              std::span<const std::uint32_t> theirs,
                                                              std::size_t row_size) const = 0;
};

}  // namespace hourglass
