// NumPy's arrays as the library's, and back, without a copy either way.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/device.hpp>
#include <hourglass/images.hpp>
#include <hourglass/samples.hpp>
#include <memory>
#include <utility>
#include <variant>

#include "gpu_array.hpp"

namespace hourglass::python {

namespace nb = nanobind;

/// What Python's side hands over: C order, on the CPU, of the right type.
template <class T>
using Given = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;

/// Values that Python owns; it keeps them while the call lasts.
template <class T>
ArrayView<T> view(const Given<T>& given) {
  Shape shape(given.ndim());
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = given.shape(i);
  return {std::move(shape), {given.data(), given.size()}};
}

using GivenImages = std::variant<Given<std::uint8_t>, Given<float>, GpuArray>;
using GivenRows = std::variant<Given<float>, GpuArray>;

inline Images images(const GivenImages& given) {
  if (const auto* there = std::get_if<GpuArray>(&given)) return there->images();
  if (const auto* bytes = std::get_if<Given<std::uint8_t>>(&given)) return view(*bytes);
  return view(std::get<Given<float>>(given));
}

inline Samples samples(const GivenRows& given, const std::string& device) {
  if (const auto* there = std::get_if<GpuArray>(&given)) return there->samples(device);
  return Samples::view(view(std::get<Given<float>>(given)), select_device(device));
}

/// A NumPy array that takes the values over.
template <class T>
nb::ndarray<nb::numpy, T> to_numpy(Shape shape, std::vector<T> values) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = owned->data();
  const nb::capsule owner(owned.get(), [](void* pointer) noexcept {
    delete static_cast<std::vector<T>*>(pointer);  // NOLINT(cppcoreguidelines-owning-memory)
  });
  static_cast<void>(owned.release());
  return {data, shape.size(), shape.data(), owner};
}

template <class T>
nb::ndarray<nb::numpy, T> to_numpy(Array<T> array) {
  return to_numpy(std::move(array.shape), std::move(array.values));
}

inline nb::ndarray<nb::numpy, double> to_numpy(std::vector<double> values) {
  Shape shape{values.size()};
  return to_numpy(std::move(shape), std::move(values));
}

}  // namespace hourglass::python
