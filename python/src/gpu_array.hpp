// Rows in the memory of a GPU, of another library or of ours, by DLPack.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <hourglass/gpu_view.hpp>
#include <hourglass/images.hpp>
#include <hourglass/samples.hpp>
#include <string>
#include <variant>

namespace hourglass::python {

namespace nb = nanobind;

/// What another library hands over.
using AnyOnGpu = nb::ndarray<nb::ro, nb::device::cuda>;

/// What Python knows as hourglass._core.GpuArray. Copies share what they hold.
class GpuArray {
 public:
  using View = std::variant<GpuView<std::uint8_t>, GpuView<float>>;

  /// Another library's, which writes it on the default stream at the latest. Throws nb::type_error
  /// for other types than float32 and uint8, nb::value_error for another order than C's.
  explicit GpuArray(const AnyOnGpu& given);
  /// What a call left on the device.
  explicit GpuArray(const Samples& rows);

  [[nodiscard]] const Shape& shape() const;
  [[nodiscard]] const char* dtype() const;
  [[nodiscard]] int index() const;
  /// The same values: (n, values in a row), the first n rows, or in another shape.
  [[nodiscard]] GpuArray flat() const;
  [[nodiscard]] GpuArray first(std::size_t n) const;
  [[nodiscard]] GpuArray shaped(Shape shape) const;

  [[nodiscard]] Images images() const;
  /// Throws UsageError for bytes, and where `device` names another.
  [[nodiscard]] Samples samples(const std::string& device) const;
  /// A DLPack capsule.
  [[nodiscard]] nb::object capsule() const;

 private:
  [[nodiscard]] GpuArray seen_as(Shape shape) const;

  View view_;
};

}  // namespace hourglass::python
