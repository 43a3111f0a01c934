// Kernels of our own, at the sizes the conv model gives them.
#include <hourglass/model.hpp>
#include <span>
#include <string>

#include "autoencoder/parameters.hpp"
#include "kernels/data/gather.hpp"
#include "kernels/data/shuffle.hpp"
#include "kernels/layers/activation.hpp"
#include "kernels/layers/bias_gradient.hpp"
#include "kernels/layers/loss.hpp"
#include "kernels/layers/max_pool.hpp"
#include "kernels/layers/upsample.hpp"
#include "kernels/optimizer/adam.hpp"
#include "kernels/optimizer/training_state.hpp"
#include "math/layout.hpp"
#include "math/sort.hpp"
#include "support/measure.hpp"

namespace hourglass::HOURGLASS_TARGET::bench {
namespace {

constexpr std::size_t kTrainImages = 60'000;

Planes planes_of(const ImageShape& shape) {
  if constexpr (math::kImageLayout == ImageLayout::nchw) {
    return {kBatch * shape.channels, shape.height, shape.width, 1};
  } else {
    return {kBatch, shape.height, shape.width, shape.channels};
  }
}

void add_max_pool(math::Context& context, const std::string& name, const ImageShape& fine) {
  const Planes planes = planes_of(fine);
  const std::size_t size = planes.size();
  add(name + "/forward", [&context, planes, size](benchmark::State& state) {
    const auto x = random_buffer(context, size);
    device::Buffer<float> y(size / 4);
    measure(state, context, {.bytes = float_bytes(size + size / 4)},
            [&] { kernels::max_pool_forward(context.stream(), x.data(), planes, y.data()); });
  });
  add(name + "/backward", [&context, planes, size](benchmark::State& state) {
    const auto x = random_buffer(context, size);
    const auto dy = random_buffer(context, size / 4);
    device::Buffer<float> y(size / 4);
    device::Buffer<float> dx(size);
    kernels::max_pool_forward(context.stream(), x.data(), planes, y.data());
    measure(state, context, {.bytes = float_bytes(2 * size + 2 * (size / 4))}, [&] {
      kernels::max_pool_backward(context.stream(), x.data(), y.data(), dy.data(), true, planes,
                                 dx.data());
    });
  });
}

void add_upsample(math::Context& context, const std::string& name, const ImageShape& fine) {
  const Planes planes = planes_of(fine);
  const std::size_t size = planes.size();
  add(name + "/forward", [&context, planes, size](benchmark::State& state) {
    const auto x = random_buffer(context, size / 4);
    device::Buffer<float> y(size);
    measure(state, context, {.bytes = float_bytes(size + size / 4)},
            [&] { kernels::upsample_forward(context.stream(), x.data(), planes, y.data()); });
  });
  add(name + "/backward", [&context, planes, size](benchmark::State& state) {
    const auto dy = random_buffer(context, size);
    const auto x = random_buffer(context, size / 4);
    device::Buffer<float> dx(size / 4);
    measure(state, context, {.bytes = float_bytes(size + 2 * (size / 4))}, [&] {
      kernels::upsample_backward(context.stream(), dy.data(), x.data(), true, planes, dx.data());
    });
  });
}

/// Pooling and upsampling wherever the model has them.
void add_resizing(math::Context& context) {
  const Model model = conv_model();
  const auto layers = model.layers();
  const auto shapes = model.shapes();
  int pools = 0;
  int upsamples = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].kind == LayerKind::max_pool) {
      add_max_pool(context, "pool" + std::to_string(++pools), shapes[i]);
    } else if (layers[i].kind == LayerKind::upsample) {
      add_upsample(context, "up" + std::to_string(++upsamples), shapes[i + 1]);
    }
  }
}

void add_activations(math::Context& context) {
  const std::size_t size = kBatch * conv_model().shapes()[1].size();
  add("relu/backward", [&context, size](benchmark::State& state) {
    const auto activation = random_buffer(context, size);
    auto gradient = random_buffer(context, size);
    measure(state, context, {.bytes = float_bytes(3 * size)},
            [&] { kernels::relu_backward(context.stream(), activation.span(), gradient.span()); });
  });
  const std::size_t pixels = kBatch * conv_model().input.size();
  add("sigmoid", [&context, pixels](benchmark::State& state) {
    auto values = random_buffer(context, pixels);
    measure(state, context, {.bytes = float_bytes(2 * pixels)},
            [&] { kernels::sigmoid(context.stream(), values.span()); });
  });
}

void add_loss(math::Context& context, const std::string& name, Loss loss, bool backward) {
  const std::size_t pixels = kBatch * conv_model().input.size();
  add(name, [&context, loss, backward, pixels](benchmark::State& state) {
    const auto logits = random_buffer(context, pixels, -4.f, 4.f);
    const auto target = random_buffer(context, pixels, 0.f, 1.f);
    device::Buffer<double> partials(kernels::loss_partial_count(pixels));
    device::Buffer<float> dlogits(pixels);
    measure(state, context, {.bytes = float_bytes((backward ? 3 : 2) * pixels)}, [&] {
      kernels::loss_forward_backward(context.stream(), loss, logits.span(), target.data(),
                                     partials.span(), backward ? dlogits.data() : nullptr);
    });
  });
}

void add_optimizer(math::Context& context) {
  const std::size_t count = ParameterLayout(conv_model()).flat_size();
  add("adam", [&context, count](benchmark::State& state) {
    const auto gradient = random_buffer(context, count);
    auto parameters = random_buffer(context, count);
    auto first = random_buffer(context, count);
    auto second = random_buffer(context, count, 0.1f, 1.f);
    const auto rate = random_buffer(context, 1, 1e-4f, 1e-3f);
    measure(state, context, {.bytes = float_bytes(7 * count)}, [&] {
      kernels::adam_update(context.stream(), {}, rate.data(), gradient.span(), parameters.data(),
                           first.data(), second.data());
    });
  });
  add("finish_step", [&context](benchmark::State& state) {
    const std::size_t sums = kernels::loss_partial_count(kBatch * conv_model().input.size());
    device::Buffer<double> partials(sums);
    device::Buffer<kernels::TrainingState> training(1);
    device::fill_with_zero(context.stream(), partials.span());
    device::fill_with_zero(context.stream(), training.span());
    measure(state, context, {.bytes = sums * sizeof(double)}, [&] {
      kernels::finish_step(context.stream(), {}, partials.span(), kBatch, training.data());
    });
  });
}

void add_bias_gradient(math::Context& context, const std::string& name,
                       const kernels::ChannelShape& shape) {
  add("bias_gradient/" + name, [&context, shape](benchmark::State& state) {
    const std::size_t size = shape.batch * shape.channels * shape.inner;
    const auto dy = random_buffer(context, size);
    device::Buffer<float> partials(kernels::bias_partial_count(shape));
    device::Buffer<float> dbias(shape.channels);
    measure(state, context, {.bytes = float_bytes(size)}, [&] {
      kernels::bias_gradient(context.stream(), dy.data(), shape, partials.span(), dbias.data());
    });
  });
}

void add_data(math::Context& context) {
  const std::size_t image = conv_model().input.size();
  add("gather", [&context, image](benchmark::State& state) {
    const auto images =
        device::to_device<std::uint8_t>(context.stream(), random_bytes(kTrainImages * image));
    device::Buffer<std::uint64_t> order(kTrainImages);
    kernels::draw_shuffle_keys(context.stream(), 0, 1, order.span());
    math::sort_keys(context, order.span());
    device::Buffer<float> batch(kBatch * image);
    measure(state, context, {.bytes = kBatch * image * (sizeof(float) + 1)}, [&] {
      kernels::gather_images(context.stream(), {.bytes = images.data()}, {.order = order.data()},
                             kBatch, image, batch.data());
    });
  });
  add("shuffle/keys", [&context](benchmark::State& state) {
    device::Buffer<std::uint64_t> keys(kTrainImages);
    measure(state, context, {.bytes = kTrainImages * sizeof(std::uint64_t)},
            [&] { kernels::draw_shuffle_keys(context.stream(), 0, 1, keys.span()); });
  });
  add("shuffle/keys+sort", [&context](benchmark::State& state) {
    device::Buffer<std::uint64_t> keys(kTrainImages);
    measure_unrecorded(state, context, {.bytes = 3 * kTrainImages * sizeof(std::uint64_t)}, [&] {
      kernels::draw_shuffle_keys(context.stream(), 0, 1, keys.span());
      math::sort_keys(context, keys.span());
    });
  });
}

}  // namespace

void add_kernels(math::Context& context) {
  add_resizing(context);
  add_activations(context);
  add_loss(context, "loss/bce", Loss::bce, false);
  add_loss(context, "loss/bce+gradient", Loss::bce, true);
  add_loss(context, "loss/mse+gradient", Loss::mse, true);
  add_bias_gradient(context, "conv1", {kBatch, 16, 784});
  add_bias_gradient(context, "conv5", {kBatch, 1, 784});
  add_bias_gradient(context, "dense", {kBatch, 784});
  add_optimizer(context);
  add_data(context);
}

}  // namespace hourglass::HOURGLASS_TARGET::bench
