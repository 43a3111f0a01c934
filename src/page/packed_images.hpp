// Images for a page: as exact as its size allows, in blocks that a browser opens one by one.
#pragma once

#include <cstddef>
#include <hourglass/images.hpp>
#include <hourglass/model.hpp>
#include <string>

namespace hourglass::page {

/// Images in one zlib stream: one is shown at a time, and its block opened first.
inline constexpr std::size_t kImagesInBlock = 128;

/// How pixels are kept.
struct PixelFormat {
  std::size_t bits = 8;  ///< 8; or 4, two rows in a byte: the upper one in its high half
  std::size_t halvings = 0;
  ImageShape shape;  ///< after them
};

struct PackedImages {
  PixelFormat format;
  bool left_out = false;  ///< too many for a page, however small
  std::string blocks;     ///< base 85, a line each
};

[[nodiscard]] PackedImages pack(const Images& images, const ImageShape& shape);

}  // namespace hourglass::page
