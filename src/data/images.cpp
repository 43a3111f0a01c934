#include <algorithm>
#include <hourglass/error.hpp>
#include <hourglass/images.hpp>

namespace hourglass {
namespace {

template <class Pixel>
std::span<const Pixel> span_of(const Array<Pixel>& array) {
  return array.values;
}

}  // namespace

Images::Images(const ArrayView<std::uint8_t>& bytes) : Images(bytes.shape, bytes.values) {}

Images::Images(const ArrayView<float>& floats) : Images(floats.shape, floats.values) {}

Images::Images(const Array<std::uint8_t>& bytes) : Images(bytes.shape, span_of(bytes)) {}

Images::Images(const Array<float>& floats) : Images(floats.shape, span_of(floats)) {}

Images::Images(const ImageArray& either)
    : Images(std::visit([](const auto& array) { return Images(array); }, either)) {}

Images::Images(const GpuView<std::uint8_t>& bytes)
    : Images(bytes.shape, bytes.values(), Gpu{bytes.index, bytes.written_on, bytes.owner}) {}

Images::Images(const GpuView<float>& floats)
    : Images(floats.shape, floats.values(), Gpu{floats.index, floats.written_on, floats.owner}) {}

const Images::Pixels& Images::host_pixels() const {
  if (gpu_)
    throw UsageError("images in a GPU's memory cannot be used here; bring them to the host");
  return pixels_;
}

Images Images::part(std::size_t first, std::size_t count) const {
  const std::size_t size = image_size();
  const std::size_t begin = std::min(first, this->count());
  const std::size_t images = std::min(count, this->count() - begin);
  Shape shape = shape_;
  if (!shape.empty()) shape.front() = images;
  return {std::move(shape),
          std::visit([&](auto all) -> Pixels { return all.subspan(begin * size, images * size); },
                     pixels_),
          gpu_};
}

Array<float> to_unit_range(const Images& images) {
  Array<float> unit(images.shape());
  const auto convert = [&](const auto& pixels) {
    std::ranges::transform(pixels, unit.values.begin(), [](auto pixel) {
      return std::is_same_v<decltype(pixel), float> ? static_cast<float>(pixel)
                                                    : static_cast<float>(pixel) / 255.f;
    });
  };
  std::visit(convert, images.host_pixels());
  return unit;
}

}  // namespace hourglass
