#include "kernels/affinities/mix.hpp"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

__global__ void mix_kernel(float* __restrict__ mixed, std::size_t count, float keep,
                           const float* __restrict__ other, float share) {
  for (const auto i : simt::elements(count)) {
    mixed[i] = mixed[i] * keep + (other == nullptr ? 0.f : other[i] * share);
  }
}

}  // namespace

void mix(simt::StreamHandle stream, std::span<float> mixed, float keep,
         std::span<const float> other, float share) {
  simt::launch(stream, simt::per_element(mixed.size()), mix_kernel, mixed.data(), mixed.size(),
               keep, other.data(), share);
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
