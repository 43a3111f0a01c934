// A training step by its parts, and an epoch of steps as the engine replays them.
#include <hourglass/array.hpp>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/model.hpp>
#include <span>
#include <utility>

#include "autoencoder/layered_engine.hpp"
#include "autoencoder/network.hpp"
#include "autoencoder/parameters.hpp"
#include "kernels/layers/loss.hpp"
#include "support/measure.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {
namespace {

constexpr std::size_t kSteps = 100;

/// The conv model on one batch, ready for a forward and a backward pass.
struct Pass {
  explicit Pass(math::Context& context)
      : layout(model),
        parameters(device::to_device<float>(context.stream(), glorot_uniform(layout, 0))),
        gradient(layout.flat_size()),
        partials(kernels::loss_partial_count(kBatch * model.input.size())),
        network(context, model, layout, {parameters.data(), gradient.data()},
                {0, model.layers().size()}, kBatch, Purpose::training) {
    const auto images = random_values(network.input().size(), 0.f, 1.f);
    device::copy_to_device<float>(context.stream(), images, network.input());
  }

  void backward(math::Context& context) {
    kernels::loss_forward_backward(context.stream(), Loss::bce, network.output(),
                                   network.input().data(), partials.span(),
                                   network.output_gradient().data());
    network.backward(context);
  }

  Model model = conv_model();
  ParameterLayout layout;
  device::Buffer<float> parameters;
  device::Buffer<float> gradient;
  device::Buffer<double> partials;
  Network network;
};

/// Multiply-adds of a forward pass over one batch, doubled.
std::size_t forward_flops(const Model& model) {
  const auto layers = model.layers();
  const auto shapes = model.shapes();
  std::size_t flops = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].kind == LayerKind::convolution) {
      flops += 2 * 9 * kBatch * shapes[i].size() * layers[i].outputs;
    }
  }
  return flops;
}

/// The first layer's images need no gradient, every other convolution has two.
std::size_t backward_flops(const Model& model) {
  const std::size_t first = 2 * 9 * kBatch * model.input.size() * model.layers()[0].outputs;
  return 2 * forward_flops(model) - first;
}

Array<std::uint8_t> random_images(std::size_t count, const ImageShape& shape) {
  return {{count, shape.height, shape.width}, random_bytes(count * shape.size())};
}

}  // namespace

void add_training(math::Context& context) {
  add("network/forward", [&context](benchmark::State& state) {
    Pass pass(context);
    measure(state, context, {.flops = forward_flops(pass.model)},
            [&] { pass.network.forward(context); });
  });
  add("network/loss+backward", [&context](benchmark::State& state) {
    Pass pass(context);
    pass.network.forward(context);
    measure(state, context, {.flops = backward_flops(pass.model)}, [&] { pass.backward(context); });
  });
  add("training/100 steps", [&context](benchmark::State& state) {
    const Model model = conv_model();
    LayeredEngine engine(model, 0, Precision::fp32);
    engine.set_parameters(glorot_uniform(engine.layout(), 0));
    const auto images = random_images(kSteps * kBatch, model.input);
    const auto validation = random_images(1, model.input);
    engine.begin_training(images, validation, {});
    std::size_t epoch = 0;
    const auto go_on = [](std::size_t) { return true; };
    const auto steps = [&] { engine.run_epoch(++epoch, kSteps, go_on); };
    steps();  // the first steps and the first validation choose, allocate and record
    measure_unrecorded(state, context,
                       {.flops = kSteps * (forward_flops(model) + backward_flops(model))}, steps);
    state.counters["Images"] = benchmark::Counter(static_cast<double>(kSteps * kBatch),
                                                  benchmark::Counter::kIsIterationInvariantRate);
  });
  add("training/1000 epochs of the dense model", [&context](benchmark::State& state) {
    const Model model = dense_model();
    LayeredEngine engine(model, 0, Precision::fp32);
    const Array<float> four = digit_four();
    const auto digit = four;
    const auto go_on = [](std::size_t) { return true; };
    measure_unrecorded(state, context, {}, [&] {
      engine.set_parameters(glorot_uniform(engine.layout(), 0));
      engine.begin_training(digit, digit, {.batch_size = 1, .loss = Loss::mse});
      for (std::size_t epoch = 1; epoch <= model.training.epochs; ++epoch) {
        engine.run_epoch(epoch, model.training.epochs, go_on);
      }
    });
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
