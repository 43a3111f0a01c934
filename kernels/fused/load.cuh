// Images into a block's memory: gathered, brought to [0, 1], corrupted.
#pragma once

#include <cstdint>

#include "kernels/fused/loops.cuh"
#include "kernels/fused/train.hpp"

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

/// store(x, bytes[x] / 255) for x < count, where a thread has many: brought to [0, 1] together, as
/// stores to a lane go one by one.
template <class Store>
__device__ __forceinline__ void for_each_unit(const std::uint8_t* bytes, int count, Store&& store) {
  constexpr int kTogether = 16;
  if (count < kTogether) {
    for (int x = 0; x < count; ++x) store(x, kernels::to_unit(bytes[x]));
    return;
  }
  for (int done = 0; done < count; done += kTogether) {
    const int x = done < count - kTogether ? done : count - kTogether;  // the last overlap
    float units[kTogether];
    for (int k = 0; k < kTogether; ++k) units[k] = kernels::to_unit(bytes[x + k]);
    for (int k = 0; k < kTogether; ++k) store(x + k, units[k]);
  }
}

template <class L>
__device__ __phase__ void load_images(const Block<L>& block, const kernels::Pixels& images,
                                      const Rows& rows, const Noise& noise) {
  using F = typename L::Value;
  const Network& net = block.net;
  const Maps& maps = net.input;
  const auto input = block.planes(net.input);
  const auto clean = block.planes(net.clean);
  const auto height = static_cast<std::uint32_t>(maps.height);
  const auto width = static_cast<std::uint32_t>(maps.width);

  const int run = kAlone<L> ? maps.width : 1;  // pixels an item
  // All lanes of a line before the next line: its cells stay in the first-level cache.
  each<L>(maps.channels * maps.height, L::kCount, maps.width / run,
          [&](int line, int lane, int part) {
            const int y = line % maps.height;
            const int x0 = part * run;
            F* to = input.cell(line / maps.height, y, x0);
            F* kept = clean.cell(line / maps.height, y, x0);
            const auto row = static_cast<std::uint32_t>(lane);
            if (row >= rows.count) {
              for (int x = 0; x < run; ++x) lane_of(to[x], lane) = lane_of(kept[x], lane) = 0.f;
              return;
            }
            std::uint64_t image = rows.first + row;
            if (rows.order != nullptr) image = rows.order[image] & 0xffffffffU;
            const auto pixel = static_cast<std::size_t>(line * maps.width + x0);  // in the image
            const std::size_t from = image * static_cast<std::size_t>(net.image_size) + pixel;
            if (images.bytes != nullptr) {
              for_each_unit(images.bytes + from, run,
                            [&](int x, float unit) { lane_of(kept[x], lane) = unit; });
            } else {
              const float* floats = images.floats + from;
              for (int x = 0; x < run; ++x) lane_of(kept[x], lane) = floats[x];
            }
            if (!noise.any()) return;
            const std::uint64_t number = rows.corruption_row + row;
            PatchCorner corner{0, 0};
            if (noise.patch > 0)
              corner = patch_corner(rows.random, number, noise.patch, height, width);
            const std::uint64_t index = number * static_cast<std::uint64_t>(net.image_size) + pixel;
            for (int x = 0; x < run; ++x) {
              const float value = lane_of(kept[x], lane);
              // Unsigned differences: what lies before the patch is far behind it.
              const bool hidden = static_cast<std::uint32_t>(y) - corner.row < noise.patch &&
                                  static_cast<std::uint32_t>(x0 + x) - corner.column < noise.patch;
              const bool noised = noise.deviation > 0.f;
              lane_of(to[x], lane) = hidden ? 0.f
                                     : noised
                                         ? noisy(rows.random, index + static_cast<std::uint64_t>(x),
                                                 noise.deviation, value)
                                         : value;
            }
          });
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET::fused
