#include "kernels/layers/activation.hpp"
#include "kernels/layers/sigmoid.cuh"
#include "kernels/simt/simt.hpp"

namespace hourglass::HOURGLASS_TARGET::kernels {
namespace {

// ------------------------------------------------------------------------------------- kernels

__global__ void relu_backward_kernel(const float* __restrict__ activation, std::size_t count,
                                     float* __restrict__ gradient) {
  for (const auto i : simt::elements(count)) {
    gradient[i] = activation[i] > 0.f ? gradient[i] : 0.f;
  }
}

__global__ void sigmoid_kernel(std::size_t count, float* __restrict__ values) {
  for (const auto i : simt::elements(count)) {
    const float z = values[i];
    values[i] = sigmoid_from_decay(z, decay(z));
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

void relu_backward(simt::StreamHandle stream, std::span<const float> activation,
                   std::span<float> gradient) {
  simt::launch(stream, simt::per_element(activation.size()), relu_backward_kernel,
               activation.data(), activation.size(), gradient.data());
}

void sigmoid(simt::StreamHandle stream, std::span<float> values) {
  simt::launch(stream, simt::per_element(values.size()), sigmoid_kernel, values.size(),
               values.data());
}

}  // namespace hourglass::HOURGLASS_TARGET::kernels
