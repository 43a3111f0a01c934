// Dense row-major arrays on the host, a shape and its values: what images, codes and maps travel
// in. One that owns its values, and a view.
#pragma once

#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace hourglass {

using Shape = std::vector<std::size_t>;

/// Number of values an array of this shape holds; 1 for the empty shape (a scalar).
[[nodiscard]] inline std::size_t element_count(std::span<const std::size_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>{});
}

/// Owns its values; the last index runs fastest. The first dimension counts samples ("rows").
template <class T>
struct Array {
  Shape shape;
  std::vector<T> values;

  Array() = default;
  explicit Array(Shape shape_) : shape(std::move(shape_)), values(element_count(shape)) {}
  Array(Shape shape_, std::vector<T> values_)
      : shape(std::move(shape_)), values(std::move(values_)) {}

  [[nodiscard]] std::size_t size() const { return values.size(); }
  [[nodiscard]] std::size_t rows() const { return shape.empty() ? 0 : shape.front(); }
  /// Values in one row: the product of all dimensions but the first.
  [[nodiscard]] std::size_t row_size() const {
    return shape.empty() ? 0 : element_count(std::span(shape).subspan(1));
  }
  [[nodiscard]] std::span<const T> row(std::size_t i) const {
    return std::span(values).subspan(i * row_size(), row_size());
  }
  [[nodiscard]] std::span<T> row(std::size_t i) {
    return std::span(values).subspan(i * row_size(), row_size());
  }
};

/// Values that another owns, row-major too: an Array's, or those of a program that has them in
/// memory of its own.
template <class T>
struct ArrayView {
  Shape shape;
  std::span<const T> values;

  ArrayView() = default;
  /// As many values as the shape says.
  ArrayView(Shape shape_, std::span<const T> values_) : shape(std::move(shape_)), values(values_) {}
  ArrayView(const Array<T>& array)  // NOLINT(google-explicit-constructor): as a span is one
      : shape(array.shape), values(array.values) {}

  [[nodiscard]] std::size_t size() const { return values.size(); }
  [[nodiscard]] std::size_t rows() const { return shape.empty() ? 0 : shape.front(); }
  /// Values in one row: the product of all dimensions but the first.
  [[nodiscard]] std::size_t row_size() const {
    return shape.empty() ? 0 : element_count(std::span(shape).subspan(1));
  }
  [[nodiscard]] std::span<const T> row(std::size_t i) const {
    return values.subspan(i * row_size(), row_size());
  }
  /// A copy that owns its values.
  [[nodiscard]] Array<T> copy() const { return {shape, {values.begin(), values.end()}}; }
};

}  // namespace hourglass
