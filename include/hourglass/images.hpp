// Images as a call takes them: bytes or floats, whichever they are kept in, with their shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <hourglass/array.hpp>
#include <hourglass/gpu_view.hpp>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace hourglass {

/// Images that own their pixels, when bytes or floats is known at run time alone.
using ImageArray = std::variant<Array<std::uint8_t>, Array<float>>;

/// A view, as a span is one: of bytes, of which 255 is one, or of floats in [0, 1]. The first
/// dimension of the shape counts images. The array must outlive the view, but for a GPU's that has
/// an owner. Images in the memory of a GPU are for an Autoencoder on that GPU, which reads them
/// there.
class Images {
 public:
  using Pixels = std::variant<std::span<const std::uint8_t>, std::span<const float>>;

  // Implicit, so that a call takes either kind of array.
  Images(const ArrayView<std::uint8_t>& bytes);  // NOLINT(google-explicit-constructor)
  Images(const ArrayView<float>& floats);        // NOLINT(google-explicit-constructor)
  Images(const Array<std::uint8_t>& bytes);      // NOLINT(google-explicit-constructor)
  Images(const Array<float>& floats);            // NOLINT(google-explicit-constructor)
  Images(const ImageArray& either);              // NOLINT(google-explicit-constructor)
  Images(const GpuView<std::uint8_t>& bytes);    // NOLINT(google-explicit-constructor)
  Images(const GpuView<float>& floats);          // NOLINT(google-explicit-constructor)

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::size_t count() const { return shape_.empty() ? 0 : shape_.front(); }
  /// Values in one image.
  [[nodiscard]] std::size_t image_size() const {
    return shape_.empty() ? 0 : element_count(std::span(shape_).subspan(1));
  }
  /// In the host's memory, or in that of gpu().
  [[nodiscard]] const Pixels& pixels() const { return pixels_; }
  /// In the host's memory. Throws UsageError where a GPU has them.
  [[nodiscard]] const Pixels& host_pixels() const;
  /// A GPU that has them.
  struct Gpu {
    int index;
    std::optional<CUstream_st*> written_on;  ///< as in GpuView
    std::shared_ptr<const void> owner;
  };
  [[nodiscard]] const std::optional<Gpu>& gpu() const { return gpu_; }

  /// `count` of them from image number `first` on, or as many as there are.
  [[nodiscard]] Images part(std::size_t first, std::size_t count) const;
  [[nodiscard]] Images first(std::size_t count) const { return part(0, count); }

 private:
  Images(Shape shape, Pixels pixels, std::optional<Gpu> gpu = {})
      : shape_(std::move(shape)), pixels_(pixels), gpu_(std::move(gpu)) {}

  Shape shape_;
  Pixels pixels_;
  std::optional<Gpu> gpu_;
};

/// A copy of the host's images as floats: bytes / 255. Throws UsageError for a GPU's.
[[nodiscard]] Array<float> to_unit_range(const Images& images);

}  // namespace hourglass
