#include "kernels/data/draws.hpp"
#include "kernels/data/shuffle.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void draw_shuffle_keys_kernel(std::uint64_t seed, std::uint64_t epoch,
                                         std::uint32_t count, std::uint64_t* __restrict__ keys) {
  for (const auto i : simt::elements(count)) keys[i] = shuffle_key(seed, epoch, i);
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void draw_shuffle_keys(simt::StreamHandle stream, std::uint64_t seed, std::uint64_t epoch,
                       std::span<std::uint64_t> keys) {
  simt::launch(stream, simt::per_element(keys.size()), draw_shuffle_keys_kernel, seed, epoch,
               simt::narrow(keys.size()), keys.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
