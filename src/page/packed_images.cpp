#include "page/packed_images.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <numeric>
#include <span>
#include <variant>
#include <vector>

#include "page/payload.hpp"

namespace hourglass::page {
namespace {

/// Compressed bytes that a page takes. 10,000 digits fit in with all their bits, 60,000 with four.
constexpr double kExactLimit = 3.0e6;
constexpr double kLimit = 12.0e6;
constexpr std::size_t kSmallestSide = 12;  // nobody recognises anything in less

Bytes to_bytes(std::span<const std::uint8_t> pixels) {
  return {pixels.begin(), pixels.end()};
}

Bytes to_bytes(std::span<const float> pixels) {
  Bytes bytes(pixels.size());
  std::ranges::transform(pixels, bytes.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::lround(255.f * std::clamp(value, 0.f, 1.f)));
  });
  return bytes;
}

/// Means of two by two pixels; a last odd row or column is dropped.
Bytes halved(const Bytes& pixels, const ImageShape& shape, const ImageShape& half) {
  const std::size_t planes = pixels.size() / (shape.height * shape.width);
  Bytes result(planes * half.height * half.width);
  auto out = result.begin();
  for (std::size_t plane = 0; plane < planes; ++plane) {
    for (std::size_t y = 0; y < half.height; ++y) {
      for (std::size_t x = 0; x < half.width; ++x) {
        const auto* from = &pixels[(plane * shape.height + 2 * y) * shape.width + 2 * x];
        const int sum = from[0] + from[1] + from[shape.width] + from[shape.width + 1];
        *out++ = static_cast<std::uint8_t>((sum + 2) / 4);
      }
    }
  }
  return result;
}

/// Two rows in a byte rather than two columns: strokes are more often upright, and what stands
/// above a pixel says more about it to zlib (5 % less for digits).
Bytes four_bits(const Bytes& pixels, const ImageShape& shape) {
  const auto level = [](std::uint8_t pixel) { return (pixel + 8) / 17; };
  const std::size_t planes = pixels.size() / (shape.height * shape.width);
  Bytes result;
  result.reserve(planes * ((shape.height + 1) / 2) * shape.width);
  for (std::size_t plane = 0; plane < planes; ++plane) {
    for (std::size_t y = 0; y < shape.height; y += 2) {
      for (std::size_t x = 0; x < shape.width; ++x) {
        const std::size_t at = (plane * shape.height + y) * shape.width + x;
        const int below = y + 1 < shape.height ? level(pixels[at + shape.width]) : 0;
        result.push_back(static_cast<std::uint8_t>(level(pixels[at]) << 4 | below));
      }
    }
  }
  return result;
}

ImageShape half_of(const ImageShape& shape) {
  return {shape.channels, shape.height / 2, shape.width / 2};
}

Bytes packed_block(const Images& images, std::size_t block, ImageShape shape,
                   const PixelFormat& format) {
  const Images part = images.part(block * kImagesInBlock, kImagesInBlock);
  Bytes pixels = std::visit([](auto values) { return to_bytes(values); }, part.host_pixels());
  for (std::size_t i = 0; i < format.halvings; ++i, shape = half_of(shape)) {
    pixels = halved(pixels, shape, half_of(shape));
  }
  return deflated(format.bits == 4 ? four_bits(pixels, shape) : pixels);
}

/// These blocks, packed by all threads. An exception must not leave a parallel region.
std::vector<Bytes> packed_blocks(const Images& images, const std::vector<std::size_t>& blocks,
                                 const ImageShape& shape, const PixelFormat& format) {
  std::vector<Bytes> packed(blocks.size());
  std::exception_ptr failed;
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    try {
      packed[i] = packed_block(images, blocks[i], shape, format);
    } catch (...) {
#pragma omp critical
      failed = std::current_exception();
    }
  }
  if (failed) std::rethrow_exception(failed);
  return packed;
}

}  // namespace

PackedImages pack(const Images& images, const ImageShape& shape) {
  const std::size_t block_count = (images.count() + kImagesInBlock - 1) / kImagesInBlock;
  std::vector<std::size_t> all(block_count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::size_t> sample;  // up to sixteen blocks, evenly spread
  const std::size_t stride = std::max<std::size_t>(1, block_count / 16);
  for (std::size_t block = 0; block < block_count; block += stride) sample.push_back(block);

  const auto size = [&](const PixelFormat& format) {
    double bytes = 0.0;
    for (const Bytes& block : packed_blocks(images, sample, shape, format)) {
      bytes += static_cast<double>(block.size());
    }
    return bytes * static_cast<double>(block_count) / static_cast<double>(sample.size());
  };

  PackedImages result;
  result.format.shape = shape;
  PixelFormat& format = result.format;
  if (size(format) > kExactLimit) {
    format.bits = 4;
    while (size(format) > kLimit) {
      format.shape = half_of(format.shape);
      ++format.halvings;
      if (std::min(format.shape.height, format.shape.width) < kSmallestSide) {
        result.left_out = true;
        return result;
      }
    }
  }
  for (const Bytes& block : packed_blocks(images, all, shape, format)) {
    result.blocks += base85(block) + "\n";
  }
  return result;
}

}  // namespace hourglass::page
