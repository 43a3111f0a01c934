// Blocks share the groups of images out among them; none waits for another.
#include <algorithm>

#include "kernels/fused/derive.cuh"
#include "kernels/fused/infer.hpp"
#include "kernels/fused/pass.cuh"

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

constexpr unsigned kThreads = 256;         // of a block on a GPU
constexpr std::size_t kBlocksOfPlace = 4;  // more than can run at once: some are slower

struct alignas(128) Smem {
  float memory[32];  // the first of it: network.hpp
};

// ---------------------------------------------------------------------------- device functions

/// Rows into the lanes of these maps' cells; lanes beyond `count` get zeros.
template <class L>
__device__ __phase__ void load_rows(const Block<L>& block, const Maps& maps, int channels,
                                    const kernels::Pixels& rows, std::uint32_t first,
                                    std::uint32_t count) {
  const auto cells = block.planes(maps);
  const auto size = static_cast<std::size_t>(channels * maps.height * maps.width);
  each<L>(channels * maps.height, L::kCount, maps.width, [&](int line, int lane, int x) {
    auto& cell = *cells.cell(line / maps.height, line % maps.height, x);
    const std::size_t from = (first + static_cast<std::uint32_t>(lane)) * size +
                             static_cast<std::size_t>(line * maps.width + x);
    lane_of(cell, lane) = static_cast<std::uint32_t>(lane) >= count ? 0.f
                          : rows.bytes != nullptr ? kernels::to_unit(rows.bytes[from])
                                                  : rows.floats[from];
  });
}

/// The lanes of these maps' cells as rows.
template <class L>
__device__ __phase__ void store_rows(const Block<L>& block, const Maps& maps, int channels,
                                     std::uint32_t first, std::uint32_t count, float* output) {
  const auto cells = block.planes(maps);
  const auto size = static_cast<std::size_t>(channels * maps.height * maps.width);
  each<L>(channels * maps.height, static_cast<int>(count), maps.width,
          [&](int line, int lane, int x) {
            output[(first + static_cast<std::uint32_t>(lane)) * size +
                   static_cast<std::size_t>(line * maps.width + x)] =
                lane_of(*cells.cell(line / maps.height, line % maps.height, x), lane);
          });
}

// ------------------------------------------------------------------------------------- kernel

template <class L>
__global__ void __launch_bounds__(kThreads)
    infer_kernel(const __grid_constant__ Inference inference) {
  const Network& net = inference.net;
  float* const derived = simt::shared<Smem>().memory;
  auto* values = reinterpret_cast<typename L::Value*>(derived + net.derived);
  const Block<L> block{net, derived, values,
                       reinterpret_cast<typename L::Winner*>(values + net.values)};
  for (const int i : simt::block_elements(net.values)) block.values[i] = 0.f;  // frames stay so
  simt::sync_block();
  derive_weights(block, inference.parameters);

  Stage stage(nullptr, nullptr);
  const Maps& code = net.pooled[net.depth - 1];
  const int code_channels = net.plain().inputs;
  const std::uint32_t groups = (inference.rows.count - 1) / L::kCount + 1;
  for (std::uint32_t group = blockIdx.x; group < groups; group += gridDim.x) {
    const std::uint32_t first = group * L::kCount;
    const std::uint32_t left = inference.rows.count - first;
    const std::uint32_t count = left < L::kCount ? left : L::kCount;
    if (inference.encodes) {
      load_rows(block, net.input, net.input.channels, inference.rows, first, count);
      encode(block, stage);
    } else {
      load_rows(block, code, code_channels, inference.rows, first, count);
    }
    if (!inference.decodes) {
      store_rows(block, code, code_channels, first, count, inference.output);
      continue;
    }
    decode(block, stage);
    // The gradient of this loss is the sigmoid less what was wanted, and that is zero here.
    (void)loss_of(block, Loss::bce, 1.f, static_cast<int>(count));
    store_rows(block, net.delta, net.delta.channels, first, count, inference.output);
  }
}

// ------------------------------------------------------------------------------------ launcher

template <class L>
void launch(simt::StreamHandle stream, const Setting& setting, unsigned threads,
            const Inference& inference) {
  const std::size_t groups = (std::size_t{inference.rows.count} - 1) / L::kCount + 1;
  const std::size_t blocks = std::min(groups, kBlocksOfPlace * setting.blocks);
  const std::size_t memory =
      sizeof(Smem) + memory_of(inference.net, L::kCount, sizeof(typename L::Winner));
  const simt::LaunchConfig config{
      .grid = {static_cast<unsigned>(blocks)}, .block = {threads}, .shared_bytes = memory};
  simt::launch(stream, config, infer_kernel<L>, inference);
}

}  // namespace

void infer(simt::StreamHandle stream, const Setting& setting, const Inference& inference) {
  if (setting.lanes == 1) {
    launch<Lanes<1>>(stream, setting, kThreads, inference);
  } else {
#ifndef __CUDACC__
    launch<Lanes<kWidestLanes>>(stream, setting, 1, inference);
#endif
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::fused
