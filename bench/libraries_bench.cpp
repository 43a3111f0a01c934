// Convolutions, by cuDNN or oneDNN, as the conv model has them.
#include <hourglass/model.hpp>
#include <string>

#include "math/convolution.hpp"
#include "support/measure.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {
namespace {

/// A convolution's tensors and what a pass over them costs.
struct Problem {
  Problem(math::Context& context, const math::ConvolutionShape& shape, bool relu)
      : convolution(context, shape, relu),
        x(random_buffer(context, in_size(shape))),
        y(random_buffer(context, out_size(shape))),
        weight(random_buffer(context, weight_size(shape))),
        bias(random_buffer(context, shape.out_channels)) {}

  static std::size_t pixels(const math::ConvolutionShape& s) {
    return s.batch * s.height * s.width;
  }
  static std::size_t in_size(const math::ConvolutionShape& s) { return pixels(s) * s.in_channels; }
  static std::size_t out_size(const math::ConvolutionShape& s) {
    return pixels(s) * s.out_channels;
  }
  static std::size_t weight_size(const math::ConvolutionShape& s) {
    return 9 * s.in_channels * s.out_channels;
  }
  static Cost cost(const math::ConvolutionShape& s) {
    return {.bytes = float_bytes(in_size(s) + out_size(s) + weight_size(s) + s.out_channels),
            .flops = 2 * pixels(s) * weight_size(s)};
  }

  math::Convolution convolution;
  device::Buffer<float> x;
  device::Buffer<float> y;
  device::Buffer<float> weight;
  device::Buffer<float> bias;
};

void add_convolution(math::Context& context, const std::string& name,
                     const math::ConvolutionShape& shape, bool relu, bool first) {
  // One pass of three: `run(problem)`.
  const auto pass = [&](const char* direction, auto run) {
    add(name + direction, [&context, shape, relu, run](benchmark::State& state) {
      Problem problem(context, shape, relu);
      measure(state, context, Problem::cost(shape), [&] { run(problem); });
    });
  };
  pass("/forward", [&context](Problem& p) {
    p.convolution.forward(context, p.x.data(), p.weight.data(), p.bias.data(), p.y.data());
  });
  pass("/backward_parameters", [&context](Problem& p) {
    p.convolution.backward_parameters(context, p.x.data(), p.y.data(), p.weight.data(),
                                      p.bias.data());
  });
  if (first) return;  // images need no gradient
  pass("/backward_data", [&context](Problem& p) {
    p.convolution.backward_data(context, p.y.data(), p.weight.data(), p.x.data());
  });
}

}  // namespace

void add_libraries(math::Context& context) {
  const Model model = conv_model();
  const auto layers = model.layers();
  const auto shapes = model.shapes();
  int number = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].kind != LayerKind::convolution) continue;
    add_convolution(context, "conv" + std::to_string(++number),
                    {.batch = kBatch,
                     .in_channels = shapes[i].channels,
                     .out_channels = layers[i].outputs,
                     .height = shapes[i].height,
                     .width = shapes[i].width},
                    layers[i].relu, i == 0);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
