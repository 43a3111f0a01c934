// Images into a block's memory: gathered, brought to [0, 1], corrupted.
#pragma once

#include <cstdint>

#include "kernels/fused/loops.cuh"
#include "kernels/fused/train.hpp"

#ifndef __CUDACC__
#include "kernels/fused/lines.hpp"
#endif

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

/// Some of them, one for each lane: those at first, first + 1, ... of the order.
struct Rows {
  const std::uint64_t* order = nullptr;  ///< or as they lie
  std::uint32_t first = 0;
  std::uint32_t count = 0;           ///< lanes beyond get zeros
  std::uint64_t corruption_row = 0;  ///< of the first, in the corruption's stream
  CorruptionStream random = {0, 0};
};

template <class L>
__device__ __phase__ void load_images(const Block<L>& block, const kernels::Pixels& images,
                                      const Rows& rows, const Noise& noise) {
  using F = typename L::Value;
  const Network& net = block.net;
  const Maps& maps = net.input;
  const auto input = block.planes(net.input);
  const auto clean = block.planes(net.clean);
  const int lines = maps.channels * maps.height;

  // The first pixel of a lane's image.
  const auto begin_of = [&](int lane) {
    std::uint64_t image = rows.first + static_cast<std::uint64_t>(lane);
    if (rows.order != nullptr) image = rows.order[image] & 0xffffffffU;
    return static_cast<std::size_t>(image) * static_cast<std::size_t>(net.image_size);
  };
  const auto corrupt = [&](int line, int lane, int x0, int x1) {
    const int y = line % maps.height;
    const std::uint64_t number = rows.corruption_row + static_cast<std::uint64_t>(lane);
    PatchCorner corner{0, 0};
    if (noise.patch > 0) {
      corner =
          patch_corner(rows.random, number, noise.patch, static_cast<std::uint32_t>(maps.height),
                       static_cast<std::uint32_t>(maps.width));
    }
    const std::uint64_t index =
        number * static_cast<std::uint64_t>(net.image_size) +
        static_cast<std::uint64_t>(line) * static_cast<std::uint64_t>(maps.width);
    F* to = input.cell(line / maps.height, y, 0);
    F* kept = clean.cell(line / maps.height, y, 0);
    for (int x = x0; x < x1; ++x) {
      const float value = lane_of(kept[x], lane);
      // Unsigned differences: what lies before the patch is far behind it.
      const bool hidden = static_cast<std::uint32_t>(y) - corner.row < noise.patch &&
                          static_cast<std::uint32_t>(x) - corner.column < noise.patch;
      const bool noised = noise.deviation > 0.f;
      lane_of(to[x], lane) = hidden   ? 0.f
                             : noised ? noisy(rows.random, index + static_cast<std::uint64_t>(x),
                                              noise.deviation, value)
                                      : value;
    }
  };

  if constexpr (kAlone<L>) {
#ifndef __CUDACC__
    const auto load = [&]<class T>(const T* pixels) {
      const T* from[L::kCount];
      const int count = static_cast<int>(rows.count);
      for (int lane = 0; lane < L::kCount; ++lane) {
        from[lane] = pixels + (lane < count ? begin_of(lane) : 0);
      }
      for (int line = 0; line < lines; ++line) {
        F* kept = clean.cell(line / maps.height, line % maps.height, 0);
        detail::load_line(from, count, maps.width, kept);
        for (auto& line_of_image : from) line_of_image += maps.width;
        if (!noise.any()) continue;
        F* to = input.cell(line / maps.height, line % maps.height, 0);
        for (int x = 0; x < maps.width; ++x) to[x] = 0.f;  // of lanes without an image
        for (int lane = 0; lane < count; ++lane) corrupt(line, lane, 0, maps.width);
      }
    };
    if (images.bytes != nullptr) {
      load(images.bytes);
    } else {
      load(images.floats);
    }
#endif
  } else {
    each<L>(1, lines, maps.width, [&](int, int line, int x) {
      const std::size_t pixel = begin_of(0) + static_cast<std::size_t>(line * maps.width + x);
      *clean.cell(line / maps.height, line % maps.height, x) =
          images.bytes != nullptr ? kernels::to_unit(images.bytes[pixel]) : images.floats[pixel];
      if (noise.any()) corrupt(line, 0, x, x + 1);
    });
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused
