// A dense row-major array on the host: a shape and its values. What images, codes and maps travel
// in.
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

}  // namespace hourglass
