#include <algorithm>

#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"
#include "kernels/tsne/boxes.cuh"
#include "kernels/tsne/order.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

constexpr std::uint32_t kCellBits = 16;
constexpr std::uint32_t kLastCell = (1U << kCellBits) - 1;

struct Smem {
  Box boxes[kBoxBlock];
};
static_assert(sizeof(Smem) <= 11 * 1024);

// ---------------------------------------------------------------------------- device functions

/// 0 for what is no number.
__device__ __forceinline__ std::uint32_t cell_of(float from_low, float cells_a_unit) {
  constexpr auto kMost = static_cast<float>(kLastCell);
  const float cell = from_low * cells_a_unit;
  return static_cast<std::uint32_t>(cell > 0.f ? (cell < kMost ? cell : kMost) : 0.f);
}

/// A square is four quarters, gone through one after another; the first and the last of them are
/// turned, so that each ends beside where the next begins.
__device__ __forceinline__ std::uint32_t place_on_curve(std::uint32_t x, std::uint32_t y) {
  std::uint32_t place = 0;
  for (std::uint32_t side = 1U << (kCellBits - 1); side > 0; side /= 2) {
    const bool right = (x & side) != 0;
    const bool up = (y & side) != 0;
    place += side * side * (up ? (right ? 2U : 1U) : (right ? 3U : 0U));
    if (up) continue;
    if (right) {
      x = kLastCell - x;
      y = kLastCell - y;
    }
    const std::uint32_t swapped = x;
    x = y;
    y = swapped;
  }
  return place;
}

// ------------------------------------------------------------------------------------- kernels

__global__ void curve_keys_kernel(const Point* __restrict__ points, std::uint32_t count,
                                  const Box* __restrict__ boxes, std::uint32_t box_count,
                                  std::uint64_t* __restrict__ keys) {
  const Box& box = join_all(boxes, box_count, simt::shared<Smem>().boxes);
  const float extent = fmaxf(box.high[0] - box.low[0], box.high[1] - box.low[1]);
  const float cells_a_unit = static_cast<float>(kLastCell) / extent;
  for (const auto i : simt::elements(count)) {
    const std::uint64_t place = place_on_curve(cell_of(points[i].x - box.low[0], cells_a_unit),
                                               cell_of(points[i].y - box.low[1], cells_a_unit));
    keys[i] = place << 32U | i;
  }
}

__global__ void index_order_kernel(const std::uint64_t* __restrict__ keys, std::uint32_t count,
                                   const std::uint32_t* __restrict__ rows_before,
                                   std::uint32_t* __restrict__ moves,
                                   std::uint32_t* __restrict__ rows,
                                   std::uint32_t* __restrict__ places) {
  for (const auto i : simt::elements(count)) {
    const auto from = static_cast<std::uint32_t>(keys[i]);
    const std::uint32_t row = rows_before != nullptr ? rows_before[from] : from;
    moves[i] = from;
    rows[i] = row;
    places[row] = i;
  }
}

__global__ void gather_points_kernel(const std::uint32_t* __restrict__ indices, std::uint32_t count,
                                     const Point* __restrict__ from, Point* __restrict__ to) {
  for (const auto i : simt::elements(count)) to[i] = from[indices[i]];
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void curve_keys(simt::StreamHandle stream, std::span<const Point> points,
                std::span<const Box> boxes, std::uint64_t* keys) {
  auto config = simt::per_element(points.size(), kBoxBlock, sizeof(Smem));
  config.grid.x = std::min(config.grid.x, kMaxSummingBlocks);
  simt::launch(stream, config, curve_keys_kernel, points.data(), simt::narrow(points.size()),
               boxes.data(), simt::narrow(boxes.size()), keys);
}

void index_order(simt::StreamHandle stream, std::span<const std::uint64_t> keys,
                 const std::uint32_t* rows_before, std::uint32_t* moves, std::uint32_t* rows,
                 std::uint32_t* places) {
  simt::launch(stream, simt::per_element(keys.size()), index_order_kernel, keys.data(),
               simt::narrow(keys.size()), rows_before, moves, rows, places);
}

void gather_points(simt::StreamHandle stream, std::span<const std::uint32_t> indices,
                   const Point* from, Point* to) {
  simt::launch(stream, simt::per_element(indices.size()), gather_points_kernel, indices.data(),
               simt::narrow(indices.size()), from, to);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
